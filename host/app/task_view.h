// What the client shows of a task: read from the API's JSON, drawn as a tree of steps, compared with an earlier look.
// Pure text in, text out.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "app/exit_code.h"
#include "app/terminal.h"

namespace tasker::app {

struct StepView {
  std::string name;
  std::string state;  // our word, more exact than the API's `status`
  int attempts = 0;
  int retry_limit = 0;
  int level = 0;  // the longest way from a step without parents
  std::string error;  // "code: message" of the last failure, while it matters
  std::string waiting_for;  // "code: message": why nobody can run it
  std::string next_at = {};  // RFC 3339: when it is tried again
  int lost = 0;              // attempts that ended with their host, and count for nothing else
};

struct TaskView {
  std::int64_t id = 0;
  std::string full_name;
  std::string state;
  std::string requested_at, start_at, finished_at;
  std::string priority, initiator, correlation_id, tags;  // for wide tables
  std::vector<StepView> steps;  // as the API orders them: parents before children

  bool has_ended() const;
};

Result<TaskView> read_task(std::string_view json);                // {"task": {...}}
Result<std::vector<TaskView>> read_tasks(std::string_view json);  // {"tasks": [...]}, without steps

std::string next_page(std::string_view json);  // the cursor that a list ends with; empty: there is no more

// ok, task_failed or task_cancelled.
ExitCode exit_code_of_end(const TaskView& task);

// A head line and one line a step, indented by level.
std::vector<std::string> draw_task(const TaskView& task, const Terminal& terminal);

// The same, long lines broken; and on one screen: long lines cut, of many steps those that matter now.
std::vector<std::string> draw_whole(const TaskView& task, const Terminal& terminal);
std::vector<std::string> draw_to_fit(const TaskView& task, const Terminal& terminal);

// One line for each thing that changed: "validate in_progress", "task complete".
std::vector<std::string> changes_between(const TaskView& before, const TaskView& after);

}  // namespace tasker::app
