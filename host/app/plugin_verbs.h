// `tasker plugin show`, `retire`, `resume`, `retry` and `default`: one version or one name, asked of and told to a running host, which writes it
// where all hosts on the database hear of it.
#pragma once

#include "app/arguments.h"
#include "app/exit_code.h"

namespace tasker::app {

ExitCode run_plugin_version(const PluginVersionArguments& arguments);
ExitCode run_plugin_default(const PluginDefaultArguments& arguments);

}  // namespace tasker::app
