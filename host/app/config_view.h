// `tasker config view`: what `tasker serve` would run with, key by key, and where each value came from. Starts nothing.
#pragma once

#include "app/arguments.h"
#include "app/exit_code.h"

namespace tasker::app {

ExitCode run_config_view(const ConfigViewArguments& arguments);

}  // namespace tasker::app
