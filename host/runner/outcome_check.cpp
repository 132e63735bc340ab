#include "runner/outcome_check.h"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "base/json.h"
#include "model/task_template.h"
#include "plugin/copied_outcome.h"

namespace tasker::runner {

namespace {

// As HostTable makes it: [{"name": one that the step declares, "payload": anything}].
bool is_list_of_events(std::string_view text, const model::StepTemplate& step, const plugin::AttemptLimits& limits) {
  if (!check_json(text, {.max_bytes = limits.max_event_bytes + limits.max_events * 64})) return false;
  const auto list = nlohmann::json::parse(text, nullptr, false);
  if (!list.is_array() || list.size() > limits.max_events) return false;
  return std::all_of(list.begin(), list.end(), [&](const nlohmann::json& event) {
    if (!event.is_object() || event.size() != 2 || !event.contains("name") || !event.contains("payload")) return false;
    return std::any_of(step.custom_events.begin(), step.custom_events.end(),
                       [&](const model::CustomEvent& declared) { return event["name"] == declared.name; });
  });
}

}  // namespace

engine::AttemptOutcome checked_outcome(const OutcomeText& text, std::uint32_t stop_bits, const model::StepTemplate& step,
                                       const plugin::AttemptLimits& limits) {
  using plugin::text_of;
  if (!text.events.empty() && !is_list_of_events(text.events, step, limits))
    return plugin::failed(Code::plugin_bad_result, "the runner's list of events is none, is too long, or has one that the step does not declare");
  const bool has_checkpoint = !text.checkpoint.empty() && check_json(text.checkpoint, {.max_bytes = limits.max_checkpoint_bytes});
  tasker_outcome said{};
  said.struct_size = sizeof said;
  said.kind = text.kind;
  said.retry_after_ms = text.retry_after_ms > 0 ? static_cast<std::uint64_t>(text.retry_after_ms) : 0;
  said.payload = text_of(text.payload);
  said.code = text_of(text.code);
  said.message = text_of(text.message);
  auto outcome = plugin::copy_and_release(said, stop_bits, limits);
  if (outcome.kind == model::OutcomeKind::ok)
    outcome.events = text.events;
  else if (has_checkpoint)
    outcome.checkpoint = text.checkpoint;
  return outcome;
}

}  // namespace tasker::runner
