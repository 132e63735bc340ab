// `tasker plugin inspect FILE`: what a plugin file says about itself, and whether a host would take it, without a
// host, a database or running its code.
#pragma once

#include "app/arguments.h"
#include "app/exit_code.h"

namespace tasker::app {

ExitCode run_plugin_inspect(const PluginInspectArguments& arguments);

}  // namespace tasker::app
