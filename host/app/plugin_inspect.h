// `tasker plugin inspect FILE`: what a plugin file says about itself, and whether a host would take it, without a
// host, a database or running its code.
#pragma once

#include <string>

#include "app/arguments.h"
#include "app/exit_code.h"

namespace tasker::app {

// Whether there is such a file, and it is not a template by mistake.
Result<void> expect_plugin(const std::string& file);

ExitCode run_plugin_inspect(const PluginInspectArguments& arguments);

}  // namespace tasker::app
