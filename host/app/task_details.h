// What `task get` tells of a task besides its tree of steps: times, context, results. From the API's JSON, each value as
// it stands there, so that numbers keep their digits. Pure text in, text out.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/task_view.h"
#include "app/terminal.h"

namespace tasker::app {

struct TaskDetails {
  std::string context;               // JSON; empty: none
  std::vector<std::string> results;  // JSON by step, as TaskView orders them; empty: none yet
};
TaskDetails details_of(std::string_view json);  // {"task": {...}}

// For people: long values are cut.
std::vector<std::string> draw_details(const TaskView& task, const TaskDetails& details, const Terminal& terminal);

}  // namespace tasker::app
