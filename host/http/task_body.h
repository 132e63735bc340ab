// Turns the body of POST /tasks and POST /tasks/bulk into task requests. Context and
// tags stay the text that was sent. What only the catalogue can know (does the handler exist, does the
// context fit its schema) is the service's business. [any]
#pragma once

#include <cstddef>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "engine/api.h"

namespace tasker::http {

inline constexpr std::size_t kMaxBulkTasks = 1000;

struct TaskBody {
  std::vector<engine::TaskRequest> tasks;
  std::vector<engine::Problem> problems;  // when not empty, `tasks` must not be submitted
};

// The flat form {"name": ...} and the nested form {"task": {"name": ...}}. Pointers are relative to the task.
Result<TaskBody> parse_task(std::string_view body);
// {"tasks": [{...}, ...]}; each element in either form.
Result<TaskBody> parse_bulk(std::string_view body);

}  // namespace tasker::http
