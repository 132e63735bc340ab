// What a person at the terminal reads while a host runs: where it listens, where to drop files, what became of each
// plugin. Talk, so it goes to stderr; the log file has the details. [any] thread.
#pragma once

#include <string>

#include "app/data_dir.h"
#include "plugin/plugin_record.h"

namespace tasker::app {

struct HostPlaces {
  std::string url;
  std::string plugins;
  std::string log;      // empty: stderr
  std::string command;  // how to start it again, for the hints: "tasker dev --data /x"
};

void say(const std::string& line);
void say_started(const HostPlaces& places, const DataDir& data);
void say_warning_about_root();

// Active, draining and refused; what lies between is for the log. Empty: nothing to say.
std::string sentence_about(const plugin::PluginRecord& plugin);

}  // namespace tasker::app
