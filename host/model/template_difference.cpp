#include "model/template_difference.h"

#include <algorithm>
#include <set>
#include <string>

#include "base/json_value.h"
#include "model/schema_difference.h"

namespace tasker::model {
namespace {

class Difference {
 public:
  void compare(const TaskTemplate& older, const TaskTemplate& newer) {
    identity(older, newer);
    steps(older, newer);
    environments(older, newer);
    for (Change& change : schema_changes(older.context_schema, newer.context_schema)) changes_.push_back(std::move(change));
  }
  std::vector<Change> take() { return std::move(changes_); }

 private:
  void add(Effect effect, const char* part, std::string what) { changes_.push_back({effect, part, std::move(what)}); }

  void identity(const TaskTemplate& older, const TaskTemplate& newer) {
    const auto label = [](const TaskTemplate& task) { return task.namespace_name + "/" + task.name; };
    if (label(older) != label(newer)) add(Effect::breaking, "version", label(newer) + " is another plugin than " + label(older));
    if (newer.version.identical(older.version)) {
      if (newer.digest != older.digest) add(Effect::breaking, "version", "both say version " + older.version.text() + ", and a version never changes");
    } else if (newer.version < older.version) {
      add(Effect::breaking, "version", newer.version.text() + " is older than " + older.version.text());
    }
  }

  // Each was read for one environment; what they override elsewhere is compared as text.
  void environments(const TaskTemplate& older, const TaskTemplate& newer) {
    const auto text_of = [](const TaskTemplate& task) {
      const auto definition = json::parse(task.definition);
      const auto* overrides = definition ? definition->find("environments") : nullptr;
      return overrides ? json::canonical(*overrides) : std::string();
    };
    if (text_of(older) != text_of(newer)) add(Effect::notable, "step", "what environments override has changed");
  }

  void steps(const TaskTemplate& older, const TaskTemplate& newer) {
    for (const auto& step : older.steps) {
      if (const auto* same = newer.find_step(step.name))
        one_step(older, step, newer, *same);
      else
        add(Effect::breaking, "step", "step " + step.name + " is gone: whoever reads its result, or refers to its handler, misses it");
    }
    for (const auto& step : newer.steps)
      if (!older.find_step(step.name)) add(Effect::safe, "step", "step " + step.name + " is new");
  }

  static std::set<std::string> parents_of(const TaskTemplate& task, const StepTemplate& step) {
    std::set<std::string> names;
    for (const auto parent : step.parents) names.insert(task.step(parent).name);
    return names;
  }

  void one_step(const TaskTemplate& older, const StepTemplate& was, const TaskTemplate& newer, const StepTemplate& is) {
    const std::string step = "step " + was.name;
    const auto before = parents_of(older, was), after = parents_of(newer, is);
    for (const auto& parent : before)
      if (!after.contains(parent)) add(Effect::notable, "edge", step + " no longer waits for " + parent);
    for (const auto& parent : after)
      if (!before.contains(parent)) add(Effect::notable, "edge", step + " waits for " + parent);
    if (was.handler != is.handler) add(Effect::breaking, "step", step + " has the handler " + is.handler + ", and had " + was.handler);
    if (was.handler_config != is.handler_config) add(Effect::notable, "step", step + " has another handler_config");
    if (was.dependent_system != is.dependent_system)
      add(Effect::notable, "step", step + " depends on the system \"" + is.dependent_system + "\", and depended on \"" + was.dependent_system + "\"");
    limits(step, was, is);
    for (const auto& event : was.custom_events)
      if (std::none_of(is.custom_events.begin(), is.custom_events.end(), [&](const CustomEvent& other) { return other.name == event.name; }))
        add(Effect::breaking, "event", step + " no longer emits " + event.name);
    for (const auto& event : is.custom_events)
      if (std::none_of(was.custom_events.begin(), was.custom_events.end(), [&](const CustomEvent& other) { return other.name == event.name; }))
        add(Effect::safe, "event", step + " may emit " + event.name);
  }

  void limits(const std::string& step, const StepTemplate& was, const StepTemplate& is) {
    const auto attempts = [](const StepTemplate& each) { return each.retryable ? each.retry_limit : 1; };
    if (attempts(was) != attempts(is))
      add(attempts(is) < attempts(was) ? Effect::notable : Effect::safe, "limits",
          step + " has " + std::to_string(attempts(is)) + " attempts, and had " + std::to_string(attempts(was)));
    if (!(was.retry == is.retry)) add(Effect::notable, "limits", step + " waits otherwise between attempts");
    if (was.skippable != is.skippable)
      add(Effect::notable, "limits", step + (is.skippable ? " may fail without failing the task" : " fails the task when it fails"));
  }

  std::vector<Change> changes_;
};

}  // namespace

std::vector<Change> template_changes(const TaskTemplate& older, const TaskTemplate& newer) {
  Difference difference;
  difference.compare(older, newer);
  return difference.take();
}

bool is_next_major(const Semver& older, const Semver& newer) {
  if (newer.major != older.major) return newer.major > older.major;
  if (newer.major != 0) return false;
  return newer.minor != older.minor ? newer.minor > older.minor : newer.minor == 0 && newer.patch > older.patch;
}

}  // namespace tasker::model
