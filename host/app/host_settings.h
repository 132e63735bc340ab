// The configuration of `tasker dev`: the usual one, with the private database and the folders of the data folder in
// place of what was not set. Pure.
#pragma once

#include "app/arguments.h"
#include "app/data_dir.h"
#include "config/settings.h"

namespace tasker::app {

// The file's settings, or the defaults when `config` is empty; the environment's on top in both cases.
Result<config::Settings> read_settings(const std::string& config, config::Origins* origins = nullptr);

// The configuration of `serve` and `migrate`: what a flag named, else TASKER_CONFIG, else /etc/tasker/tasker.yaml if
// it is there, else nothing.
std::string choose_config(const std::string& flag);

// "8080" and "[::1]" are completed to an address with a port.
std::string complete_listen_address(const std::string& given, const std::string& usual);

config::Settings dev_settings(config::Settings settings, const DevArguments& arguments, const DataDir& data,
                              const std::string& database);

}  // namespace tasker::app
