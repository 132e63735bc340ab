// `tasker template check FILE...`: whether templates are what a host would take, without a host or a database.
#pragma once

#include "app/arguments.h"
#include "app/exit_code.h"

namespace tasker::app {

ExitCode run_template_check(const TemplateCheckArguments& arguments);

}  // namespace tasker::app
