#include "app/task_details.h"

#include <algorithm>

#include <spdlog/fmt/fmt.h>

#include "base/json_value.h"

namespace tasker::app {
namespace {

constexpr std::size_t kMaxAnswer = 64u << 20;
constexpr int kMaxShown = 400;  // of one value
constexpr std::size_t kMaxResults = 50;

std::string text_of(const json::Value& from, std::string_view key) {
  const auto* found = from.find(key);
  return found == nullptr || found->is(JsonKind::null) ? std::string() : std::string(found->text);
}

void add(std::vector<std::string>& lines, const std::string& label, const std::string& value, const Terminal& terminal) {
  if (value.empty()) return;
  for (auto& line : broken_at(label + cut_to(printable(value), kMaxShown), terminal.columns, static_cast<int>(label.size())))
    lines.push_back(std::move(line));
}

}  // namespace

TaskDetails details_of(std::string_view json) {
  TaskDetails details;
  const auto parsed = json::parse(json, {.max_bytes = kMaxAnswer});
  const auto* task = parsed ? parsed->find("task") : nullptr;
  if (task == nullptr) return details;
  details.context = text_of(*task, "context");
  if (const auto* steps = task->find("workflow_steps"); steps != nullptr)
    for (const auto& step : steps->items) details.results.push_back(text_of(step, "results"));
  return details;
}

std::vector<std::string> draw_details(const TaskView& task, const TaskDetails& details, const Terminal& terminal) {
  std::vector<std::string> lines;
  add(lines, "  requested  ", local_time(task.requested_at), terminal);
  add(lines, "  finished   ", local_time(task.finished_at), terminal);
  add(lines, "  context    ", details.context, terminal);
  std::size_t widest = 0, shown = 0;
  for (const auto& step : task.steps) widest = std::max(widest, step.name.size());
  for (std::size_t i = 0; i < std::min(details.results.size(), task.steps.size()); ++i) {
    if (details.results[i].empty()) continue;
    if (++shown == 1) lines.emplace_back("  results");
    if (shown <= kMaxResults) add(lines, fmt::format("    {:<{}}  ", printable(task.steps[i].name), widest), details.results[i], terminal);
  }
  if (shown > kMaxResults) lines.push_back(fmt::format("    … {} more; all are in -o json", shown - kMaxResults));
  return lines;
}

}  // namespace tasker::app
