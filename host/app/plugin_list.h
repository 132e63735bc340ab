// `tasker plugin list`: what the running host loaded, and what it refused and why.
#pragma once

#include "app/arguments.h"
#include "app/exit_code.h"
#include "app/table.h"

namespace tasker::app {

ExitCode run_plugin_list(const PluginListArguments& arguments);

Result<Table> table_of_plugins(std::string_view json, bool wide = false, bool is_tty = false);  // {"plugins": [...]}

}  // namespace tasker::app
