// `tasker template check FILE...`: whether templates are what a host would take, without a host or a database.
#pragma once

#include <memory>
#include <string>

#include "app/arguments.h"
#include "app/exit_code.h"
#include "model/task_template.h"

namespace tasker::app {

// A template from a file, checked; the file's name must fit when it is one that a host would take.
Result<std::shared_ptr<const model::TaskTemplate>> read_template(const std::string& file, const std::string& environment);

ExitCode run_template_check(const TemplateCheckArguments& arguments);

}  // namespace tasker::app
