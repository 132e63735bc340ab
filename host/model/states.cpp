#include "model/states.h"

#include <algorithm>
#include <vector>

namespace tasker::model {
namespace {

struct TaskRow {
  TaskState state;
  std::string_view text;
  std::string_view seed;
  bool final;
  std::vector<TaskState> next;
};

struct StepRow {
  StepState state;
  std::string_view text;
  std::string_view seed;
  bool final;
  bool satisfies_child;
  std::vector<StepState> next;
};

// In the order of the enumeration, so that a row is found by index.
const std::array<TaskRow, 7>& task_table() {
  using enum TaskState;
  static const std::array<TaskRow, 7> table = {{
      {pending, "pending", "pending", false, {in_progress, paused, complete, cancelled, resolved_manually}},
      // back to pending: takeover or hand-back of its only running step
      {in_progress,
       "in_progress",
       "in_progress",
       false,
       {pending, paused, complete, error, cancelled, resolved_manually}},
      {paused,
       "paused",
       "pending",
       false,
       {pending, in_progress, complete, error, cancelled, resolved_manually}},
      {complete, "complete", "complete", true, {}},
      // an operator's retry, skip or resolve of a failed step sets the task going again
      {error, "error", "error", true, {pending, in_progress, complete, cancelled, resolved_manually}},
      {cancelled, "cancelled", "cancelled", true, {}},
      {resolved_manually, "resolved_manually", "resolved_manually", true, {}},
  }};
  return table;
}

const std::array<StepRow, 10>& step_table() {
  using enum StepState;
  static const std::array<StepRow, 10> table = {{
      // straight to in_progress: the statement that completes the last parent claims the child
      {pending,
       "pending",
       "pending",
       false,
       false,
       {ready, in_progress, cancelled, skipped, resolved_manually}},
      // back to pending: an operator re-runs one of its parents
      {ready,
       "ready",
       "pending",
       false,
       false,
       {pending, in_progress, cancelled, skipped, resolved_manually}},
      // ready: hand-back or takeover; waiting_for_retry also when a handler asked to be called later
      {in_progress,
       "in_progress",
       "in_progress",
       false,
       false,
       {ready, waiting_for_retry, waiting_for_event, complete, error, cancelled, resolved_manually}},
      {waiting_for_retry,
       "waiting_for_retry",
       "error",
       false,
       false,
       {ready, in_progress, error, cancelled, skipped, resolved_manually}},
      {waiting_for_event,
       "waiting_for_event",
       "pending",
       false,
       false,
       {ready, in_progress, error, cancelled, skipped, resolved_manually}},
      {complete, "complete", "complete", true, true, {}},
      {error, "error", "error", true, false, {pending, ready, cancelled, skipped, resolved_manually}},
      {cancelled, "cancelled", "cancelled", true, false, {}},
      {skipped, "skipped", "complete", true, true, {}},
      {resolved_manually, "resolved_manually", "resolved_manually", true, true, {}},
  }};
  return table;
}

const TaskRow& row(TaskState state) {
  return task_table()[static_cast<std::size_t>(state)];
}
const StepRow& row(StepState state) {
  return step_table()[static_cast<std::size_t>(state)];
}

template <class State, class Table>
std::optional<State> find_text(const Table& table, std::string_view text) {
  for (const auto& row : table) {
    if (row.text == text) return row.state;
  }
  return std::nullopt;
}

}  // namespace

std::string_view state_text(TaskState state) {
  return row(state).text;
}
std::string_view state_text(StepState state) {
  return row(state).text;
}
std::optional<TaskState> task_state_from(std::string_view text) {
  return find_text<TaskState>(task_table(), text);
}
std::optional<StepState> step_state_from(std::string_view text) {
  return find_text<StepState>(step_table(), text);
}

std::string_view seed_status(TaskState state) {
  return row(state).seed;
}
std::string_view seed_status(StepState state) {
  return row(state).seed;
}

std::span<const TaskState> transitions_from(TaskState from) {
  return row(from).next;
}
std::span<const StepState> transitions_from(StepState from) {
  return row(from).next;
}
bool may_become(TaskState from, TaskState to) {
  return std::ranges::count(row(from).next, to) > 0;
}
bool may_become(StepState from, StepState to) {
  return std::ranges::count(row(from).next, to) > 0;
}

bool satisfies_child(StepState state) {
  return row(state).satisfies_child;
}
bool is_final(StepState state) {
  return row(state).final;
}
bool is_final(TaskState state) {
  return row(state).final;
}

}  // namespace tasker::model
