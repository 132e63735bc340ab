#include "model/outcome.h"

#include <array>

namespace tasker::model {
namespace {
constexpr std::array<std::string_view, 7> kTexts = {"ok",        "retry",     "fail", "wait",
                                                    "cancelled", "timed_out", "lost"};
}

std::string_view outcome_text(OutcomeKind kind) {
  return kTexts[static_cast<std::size_t>(kind)];
}

std::optional<OutcomeKind> outcome_from(std::string_view text) {
  for (std::size_t i = 0; i < kTexts.size(); ++i) {
    if (kTexts[i] == text) return static_cast<OutcomeKind>(i);
  }
  return std::nullopt;
}

}  // namespace tasker::model
