#include "app/task_view.h"

#include <algorithm>
#include <map>
#include <nlohmann/json.hpp>
#include <numeric>

#include <spdlog/fmt/fmt.h>

#include "base/counted.h"
#include "base/timestamp.h"

namespace tasker::app {
namespace {

using Json = nlohmann::json;

std::string text(const Json& from, const char* key) {
  const auto found = from.find(key);
  return found != from.end() && found->is_string() ? found->get<std::string>() : std::string();
}

std::int64_t number(const Json& from, const char* key) {
  const auto found = from.find(key);
  return found != from.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

std::string state_of(const Json& from) {
  auto detail = text(from, "detail");
  return detail.empty() ? text(from, "status") : detail;
}

// "code: message" of a member that holds both.
std::string trouble(const Json& step, const char* key) {
  const auto error = step.find(key);
  if (error == step.end() || !error->is_object()) return {};
  const auto code = text(*error, "code"), message = text(*error, "message");
  return code.empty() || message.empty() ? code + message : code + ": " + message;
}

TaskView read_one(const Json& task) {
  TaskView view;
  view.id = number(task, "task_id");
  view.full_name = text(task, "namespace") + "/" + text(task, "name") + "@" + text(task, "version");
  view.state = state_of(task);
  view.requested_at = text(task, "requested_at");
  view.start_at = text(task, "start_at");
  if (task.contains("priority")) view.priority = std::to_string(number(task, "priority"));
  view.initiator = text(task, "initiator");
  view.correlation_id = text(task, "correlation_id");
  if (const auto tags = task.find("tags"); tags != task.end() && tags->is_array())
    for (const auto& tag : *tags)
      if (tag.is_string()) view.tags += (view.tags.empty() ? "" : ",") + tag.get<std::string>();
  view.finished_at = text(task, "finished_at");
  const auto steps = task.find("workflow_steps");
  if (steps == task.end() || !steps->is_array()) return view;
  std::map<std::string, int> levels;
  for (const auto& step : *steps) {
    if (!step.is_object()) continue;
    StepView shown{text(step, "name"), state_of(step), static_cast<int>(number(step, "attempts")),
                   static_cast<int>(number(step, "retry_limit")), 0, trouble(step, "last_error"),
                   trouble(step, "waiting_for"), text(step, "next_retry_at"), 0};
    if (const auto parents = step.find("depends_on"); parents != step.end() && parents->is_array())
      for (const auto& parent : *parents)
        if (parent.is_string()) shown.level = std::max(shown.level, levels[parent.get<std::string>()] + 1);
    if (const auto history = step.find("attempt_history"); history != step.end() && history->is_array())
      for (const auto& attempt : *history) shown.lost += attempt.is_object() && text(attempt, "outcome") == "lost" ? 1 : 0;
    levels[shown.name] = shown.level;
    view.steps.push_back(std::move(shown));
  }
  return view;
}

Error not_understood() {
  return make_error(Code::server_bad_answer, "the server's answer is not what this program understands; are both of the "
                                        "same version?");
}

const char* mark_of(std::string_view state) {
  if (state == "complete" || state == "resolved_manually") return "✓";
  if (state == "error") return "✗";
  if (state == "in_progress") return "▶";
  if (state == "waiting_for_retry") return "↻";
  if (state == "cancelled" || state == "skipped") return "⊘";
  return "·";
}

constexpr int kIndentOfRest = 8;
constexpr int kFewestRows = 5;

// What runs or failed first, then what comes next.
int distance_from_now(std::string_view state) {
  if (state == "in_progress" || state == "error") return 0;
  if (state == "waiting_for_retry" || state == "waiting_for_event") return 1;
  if (state == "ready") return 2;
  return state == "pending" ? 3 : 4;
}

// Both in UTC, as the host writes them: their letters are in the order of time.
bool is_ahead(const std::string& time) {
  return !time.empty() && time.substr(0, 19) > rfc3339(std::chrono::system_clock::now()).substr(0, 19);
}

// `for_people`: times in the local zone.
std::string describe(const StepView& step, bool for_people) {
  auto line = step.state;
  if (step.attempts > 1 || step.state == "waiting_for_retry" || step.state == "error")
    line += fmt::format(", attempt {} of {}", step.attempts, step.retry_limit);
  if (step.lost > 0) line += fmt::format(", {} attempt{} lost", step.lost, step.lost == 1 ? "" : "s");
  if (!step.error.empty()) line += ", " + printable(step.error);
  if (!step.next_at.empty()) line += ", again at " + printable(for_people ? local_time(step.next_at) : step.next_at);
  if (!step.waiting_for.empty()) line += ", waits: " + printable(step.waiting_for);
  return line;
}

}  // namespace

bool TaskView::has_ended() const {
  return state == "complete" || state == "error" || state == "cancelled" || state == "resolved_manually";
}

Result<TaskView> read_task(std::string_view json) {
  const auto parsed = Json::parse(json, nullptr, false);
  if (!parsed.is_object() || !parsed.contains("task") || !parsed["task"].is_object()) return not_understood();
  return read_one(parsed["task"]);
}

Result<std::vector<TaskView>> read_tasks(std::string_view json) {
  const auto parsed = Json::parse(json, nullptr, false);
  if (!parsed.is_object() || !parsed.contains("tasks") || !parsed["tasks"].is_array()) return not_understood();
  std::vector<TaskView> tasks;
  for (const auto& task : parsed["tasks"])
    if (task.is_object()) tasks.push_back(read_one(task));
  return tasks;
}

std::string next_page(std::string_view json) {
  const auto parsed = Json::parse(json, nullptr, false);
  return parsed.is_object() ? printable(text(parsed, "next")) : std::string();
}

ExitCode exit_code_of_end(const TaskView& task) {
  if (task.state == "error") return ExitCode::task_failed;
  if (task.state == "cancelled") return ExitCode::task_cancelled;
  return ExitCode::ok;
}

std::vector<std::string> draw_task(const TaskView& task, const Terminal& terminal) {
  std::vector<std::string> lines;
  const bool later = !task.has_ended() && is_ahead(task.start_at);
  lines.push_back(fmt::format("task {} {} {}{}", task.id, printable(task.full_name),
                              in_state_colour(task.state, printable(task.state), terminal.colour),
                              later ? ", not before " + printable(local_time(task.start_at)) : ""));
  std::size_t widest = 0;
  for (const auto& step : task.steps) widest = std::max(widest, step.name.size() + 2 * static_cast<std::size_t>(step.level));
  for (const auto& step : task.steps) {
    const auto indent = 2 * static_cast<std::size_t>(step.level);
    lines.push_back(fmt::format("  {}{} {:<{}}  {}", std::string(indent, ' '),
                                in_state_colour(step.state, mark_of(step.state), terminal.colour),
                                printable(step.name), widest - indent,
                                in_state_colour(step.state, printable(describe(step, true)), terminal.colour)));
  }
  return lines;
}

std::vector<std::string> draw_whole(const TaskView& task, const Terminal& terminal) {
  std::vector<std::string> lines;
  for (const auto& line : draw_task(task, terminal))
    for (auto& part : broken_at(line, terminal.columns, kIndentOfRest)) lines.push_back(std::move(part));
  return lines;
}

std::vector<std::string> draw_to_fit(const TaskView& task, const Terminal& terminal) {
  const auto all = draw_task(task, terminal);
  const auto room = static_cast<std::size_t>(std::max(terminal.rows, kFewestRows)) - 1;  // the cursor's line
  std::vector<std::size_t> shown(task.steps.size());
  std::iota(shown.begin(), shown.end(), std::size_t{0});
  if (all.size() > room) {
    std::ranges::stable_sort(shown, {}, [&](std::size_t step) { return distance_from_now(task.steps[step].state); });
    shown.resize(room - 2);
    std::ranges::sort(shown);
  }
  std::vector<std::string> lines = {cut_to(all.front(), terminal.columns)};
  for (const auto step : shown) lines.push_back(cut_to(all[step + 1], terminal.columns));
  if (const auto more = task.steps.size() - shown.size(); more > 0) lines.push_back("  … " + counted(more, "more step"));
  return lines;
}

std::vector<std::string> changes_between(const TaskView& before, const TaskView& after) {
  std::vector<std::string> lines;
  for (std::size_t i = 0; i < after.steps.size(); ++i) {
    const auto& now = after.steps[i];
    const bool known = i < before.steps.size();
    if (known && before.steps[i].state == now.state && before.steps[i].attempts == now.attempts &&
        before.steps[i].waiting_for == now.waiting_for && before.steps[i].lost == now.lost)
      continue;
    if (!known && (now.state == "pending" || now.state == "ready") && now.waiting_for.empty()) continue;
    lines.push_back(printable(now.name) + " " + printable(describe(now, false)));
  }
  if (before.state != after.state) lines.push_back("task " + printable(after.state));
  return lines;
}

}  // namespace tasker::app
