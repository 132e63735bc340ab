// `tasker plugin diff OLD NEW`: what a new version changes for those who use the older one, without a host or running any code.
#pragma once

#include "app/arguments.h"
#include "app/exit_code.h"

namespace tasker::app {

ExitCode run_plugin_diff(const PluginDiffArguments& arguments);

}  // namespace tasker::app
