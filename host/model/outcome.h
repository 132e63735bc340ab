// How an attempt ended. ok..cancelled come from handlers and have the plugin ABI's values; timed_out and lost are
// written by hosts. The words are those of the SQL type attempt_outcome.
#pragma once

#include <optional>
#include <string_view>

namespace tasker::model {

enum class OutcomeKind { ok = 0, retry = 1, fail = 2, wait = 3, cancelled = 4, timed_out = 5, lost = 6 };

std::string_view outcome_text(OutcomeKind kind);
std::optional<OutcomeKind> outcome_from(std::string_view text);

}  // namespace tasker::model
