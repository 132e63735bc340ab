// `tasker serve`, `tasker dev`, `tasker migrate`: the verbs that need a database of their own. Each blocks until it is
// done or, for the first two, until asked to end.
#pragma once

#include "app/arguments.h"
#include "app/exit_code.h"

namespace tasker::app {

ExitCode run_serve(const ServeArguments& arguments);
ExitCode run_dev(const DevArguments& arguments);
ExitCode run_migrate(const MigrateArguments& arguments);

}  // namespace tasker::app
