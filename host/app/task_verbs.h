// `tasker task submit|get|list|watch`: one request or a few to the running host, its answer to stdout.
#pragma once

#include "app/arguments.h"
#include "app/exit_code.h"

namespace tasker::app {

ExitCode run_task_submit(const TaskSubmitArguments& arguments);
ExitCode run_task_get(const TaskGetArguments& arguments);
ExitCode run_task_list(const TaskListArguments& arguments);
ExitCode run_task_watch(const TaskWatchArguments& arguments);

// The pieces of a request, apart for their tests.
Result<std::string> read_context(const std::string& argument);  // JSON, @FILE or -; must be a JSON object
std::string task_body(const TaskSubmitArguments& arguments, const std::string& context);
std::string list_query(const TaskListArguments& arguments);

}  // namespace tasker::app
