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
// JSON, @FILE or -; must be a JSON object. `what` is it, in errors: "the context".
Result<std::string> read_object(const std::string& argument, std::string_view what);
std::string task_body(const TaskSubmitArguments& arguments, const std::string& context);
std::string list_query(const TaskListArguments& arguments);

}  // namespace tasker::app
