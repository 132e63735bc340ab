#include "runner/outcome_check.h"

#include "base/json.h"
#include "plugin/copied_outcome.h"

namespace tasker::runner {

engine::AttemptOutcome checked_outcome(const OutcomeText& text, std::uint32_t stop_bits, const plugin::AttemptLimits& limits) {
  using plugin::text_of;
  const std::size_t event_bytes = limits.max_event_bytes + limits.max_events * 64;
  if (!text.events.empty() && (text.events.front() != '[' || !check_json(text.events, {.max_bytes = event_bytes})))
    return plugin::failed(Code::plugin_bad_result, "the runner's list of events is not a JSON array, or is too long");
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
