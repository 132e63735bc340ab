#include "model/outcome.h"

#include <gtest/gtest.h>

namespace tasker::model {
namespace {

TEST(Outcome, TextsLeadBackToTheKind) {
  for (int i = 0; i <= 6; ++i) {
    const auto kind = static_cast<OutcomeKind>(i);
    EXPECT_EQ(outcome_from(outcome_text(kind)), kind);
  }
  EXPECT_EQ(outcome_text(OutcomeKind::timed_out), "timed_out");
  EXPECT_EQ(outcome_from("done"), std::nullopt);
}

}  // namespace
}  // namespace tasker::model
