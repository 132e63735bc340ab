// `tasker plugin check FILE`: the checker's findings, one line each or as JSON, and an exit code for a build.
#pragma once

#include "app/arguments.h"
#include "app/exit_code.h"

namespace tasker::app {

ExitCode run_plugin_check(const PluginCheckArguments& arguments);

}  // namespace tasker::app
