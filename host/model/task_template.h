// A task's definition: the DAG of steps, their policies and their configuration, parsed and checked. The text form
// is the YAML task template (a plugin's manifest is the same text); template_yaml.h reads it. Immutable once built,
// shared between threads as shared_ptr<const TaskTemplate>. Pure: no I/O, no clock.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/semver.h"
#include "model/handler_reference.h"
#include "model/retry_policy.h"

namespace tasker::model {

struct CustomEvent {
  std::string name;
  std::string description;
};

struct StepTemplate {
  Ord ord = 0;  // 1.., in dependency order: a parent's ord is always lower than its children's
  std::string name;
  std::string handler;        // the name the plugin registers it under, resolved from handler_class
  std::string handler_class;  // as written; the step's name when left out
  std::optional<HandlerReference> reference;  // when handler_class means another plugin's: `handler` is then the same text
  std::string description;
  std::string dependent_system;
  std::vector<Ord> parents;   // ascending
  std::vector<Ord> children;  // ascending
  bool retryable = true;
  int retry_limit = 3;  // all attempts, the first included
  bool skippable = false;
  RetryPolicy retry;           // the step's own, else the template's, else the default
  std::string handler_config;  // JSON object, "{}" when absent; the environment's overrides are merged in
  std::vector<CustomEvent> custom_events;
};

struct TaskTemplate {
  std::string namespace_name = "default";
  std::string name;
  Semver version;  // 0.1.0 when the YAML has none
  std::string description;
  std::string task_handler_class;
  std::string module_namespace;
  std::string default_dependent_system;
  std::string context_schema;  // JSON Schema as JSON text, empty when absent
  std::string definition;      // the whole template as JSON, as stored in the catalogue
  std::string digest;          // hex SHA-256 of `definition`
  std::vector<StepTemplate> steps;  // steps[ord - 1]

  const StepTemplate& step(Ord ord) const { return steps[static_cast<std::size_t>(ord - 1)]; }
  const StepTemplate* find_step(std::string_view step_name) const;
  // The first step whose handler is another plugin's; nullptr: all are the plugin's own.
  const StepTemplate* first_reference() const;
};

}  // namespace tasker::model
