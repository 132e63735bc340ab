#include "plugin/copied_outcome.h"

#include <algorithm>
#include <new>

#include "base/json.h"
#include "base/log.h"
#include "base/utf8.h"
#include "plugin/abi_sizes.h"

namespace tasker::plugin {
namespace {

using model::OutcomeKind;

constexpr std::size_t kMaxCodeBytes = 128;
constexpr std::size_t kMaxMessageBytes = 4096;
constexpr std::uint64_t kMaxDelayMs = 100ull * 365 * 24 * 3600 * 1000;

engine::AttemptOutcome bad_outcome(std::string message) {
  return failed(Code::plugin_bad_outcome, std::move(message));
}

engine::AttemptOutcome copy(const tasker_outcome& from, std::uint32_t stop_bits, const AttemptLimits& limits) {
  if (from.struct_size < kOutcomeSize1_0)
    return bad_outcome("the handler's outcome says it has " + std::to_string(from.struct_size) + " bytes");
  if (from.kind < TASKER_OK || from.kind > TASKER_CANCELLED)
    return bad_outcome("the handler answered with outcome kind " + std::to_string(from.kind) + ", which does not exist");
  if (from.kind == TASKER_WAIT && from.retry_after_ms == 0)
    return bad_outcome("the handler asked to wait but did not say how long");
  if (from.kind == TASKER_CANCELLED && stop_bits == 0)
    return bad_outcome("the handler says it was cancelled, but nobody had asked it to stop");
  if (!is_readable(from.payload) || !is_readable(from.code) || !is_readable(from.message))
    return failed(Code::plugin_bad_result, "the handler's outcome holds a text that is NULL but has a size");

  engine::AttemptOutcome to;
  to.kind = static_cast<OutcomeKind>(from.kind);
  const std::string_view payload = view(from.payload);
  if (payload.size() > limits.max_result_bytes)
    return failed(Code::plugin_bad_result, "the handler's result has " + std::to_string(payload.size()) +
                                               " bytes, more than the limit of " + std::to_string(limits.max_result_bytes));
  if (!payload.empty()) {
    if (const auto checked = check_json(payload, {.max_bytes = limits.max_result_bytes}); !checked)
      return failed(Code::plugin_bad_result, "the handler's result is not JSON: " + checked.error().message);
    to.payload = payload;
  } else if (to.kind == OutcomeKind::ok) {
    to.payload = "null";
  }
  if (to.kind == OutcomeKind::ok) return to;
  to.code = clean_text(from.code, kMaxCodeBytes);
  to.message = clean_text(from.message, kMaxMessageBytes);
  if (from.retry_after_ms > 0 && (to.kind == OutcomeKind::retry || to.kind == OutcomeKind::wait))
    to.retry_after = engine::Millis(std::min(from.retry_after_ms, kMaxDelayMs));
  return to;
}

}  // namespace

std::string clean_text(const tasker_str& text, std::size_t limit) {
  const std::string_view from = view(text);
  std::string to;
  to.reserve(std::min(from.size(), limit));
  for (std::size_t at = 0; at < from.size();) {
    if (to.size() >= limit) return to + "...";
    const std::size_t length = from[at] == '\0' ? 0 : utf8_length(from, at);
    if (length == 0)
      to += "\xEF\xBF\xBD";
    else
      to += from.substr(at, length);
    at += std::max<std::size_t>(length, 1);
  }
  return to;
}

engine::AttemptOutcome failed(Code code, std::string message) {
  engine::AttemptOutcome outcome;
  outcome.kind = OutcomeKind::fail;
  outcome.code = code_text(code);
  outcome.message = std::move(message);
  return outcome;
}

void release(const tasker_outcome& outcome) {
  if (!TASKER_HAS(&outcome, release_ctx) || !outcome.release) return;
  try {
    outcome.release(outcome.release_ctx);
  } catch (...) {
    log_error("a plugin's release function threw; what it held may have leaked");
  }
}

engine::AttemptOutcome copy_and_release(const tasker_outcome& outcome, std::uint32_t stop_bits,
                                        const AttemptLimits& limits) {
  engine::AttemptOutcome copied;
  try {
    copied = copy(outcome, stop_bits, limits);
  } catch (const std::bad_alloc&) {
    copied = {};
    copied.kind = OutcomeKind::retry;
    copied.code = "host.no_memory";  // short enough to need none
  }
  release(outcome);
  return copied;
}

}  // namespace tasker::plugin
