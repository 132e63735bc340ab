// Reads a task template from its YAML text: a plugin's manifest, a .yaml file in a namespace folder, or the
// JSON stored in the catalogue (JSON is YAML). All keys of config/template.schema.json; an unknown key is
// refused and the nearest known one named; keys that have no effect yet are refused as
// template.not_supported_yet, never ignored. Pure: no I/O, no clock. Errors read `file:line:column: key: what
// is wrong, what is allowed`. [any] thread.
#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "model/task_template.h"

namespace tasker::model {

// `file_name` is only shown in errors. `environment` picks the part of `environments` that is merged in.
Result<std::shared_ptr<const TaskTemplate>> parse_template(std::string_view text, std::string_view file_name,
                                                           std::string_view environment);

// All that parse_template would refuse it for, by line; empty: nothing. What can only be seen once the rest is right,
// such as a cycle, comes when it is. YAML that cannot be read is one fault.
std::vector<Error> template_faults(std::string_view text, std::string_view file_name, std::string_view environment);

// How a handler_class names a handler when the plugin does not register that very text: the part after the
// last
// `::`, without the suffix `Handler`, in snake case. `OrderProcess::StepHandler::ValidateOrderHandler` is
// `validate_order`.
std::string handler_name(std::string_view handler_class);

// The rule for namespaces and task names: [a-z][a-z0-9_]{0,62}.
bool is_task_name(std::string_view name);
// The rule for step names: 1..128 of [A-Za-z0-9_.-].
bool is_step_name(std::string_view name);

}  // namespace tasker::model
