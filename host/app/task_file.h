// What `tasker task submit --from-file` reads: tasks as the API takes them, each kept as the text it was, so that numbers
// keep their digits. What a task must hold is the server's to say. Pure but for reading.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace tasker::app {

// The whole of a file, or of stdin for "-". Code::not_found when it is not there.
Result<std::string> read_file_or_stdin(const std::string& name);

// An array of tasks, {"tasks": [...]} as POST /tasker/tasks/bulk takes it, or a single task.
Result<std::vector<std::string>> tasks_in(std::string_view text);

}  // namespace tasker::app
