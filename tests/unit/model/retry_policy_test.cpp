#include "model/retry_policy.h"

#include <gtest/gtest.h>

namespace tasker::model {
namespace {

using std::chrono::seconds;

constexpr double kMiddle = 0.5;  // no deviation

TEST(RetryPolicy, FollowsTheTableThenTheSquareOfTheAttempt) {
  const RetryPolicy policy;
  const int expected[] = {1, 2, 4, 8, 16, 32, 49, 64, 81, 100};
  for (int attempt = 1; attempt <= 10; ++attempt)
    EXPECT_EQ(policy.delay(attempt, kMiddle), seconds(expected[attempt - 1])) << attempt;
  EXPECT_EQ(policy.delay(17, kMiddle), seconds(289));
  EXPECT_EQ(policy.delay(18, kMiddle), seconds(300));
  EXPECT_EQ(policy.delay(1'000'000, kMiddle), seconds(300));
}

TEST(RetryPolicy, SpreadsByTheJitterAndNeverBeyondTheCap) {
  const RetryPolicy policy;
  EXPECT_EQ(policy.delay(1, 0.0), Millis(900));
  EXPECT_EQ(policy.delay(1, 1.0), Millis(1'100));
  EXPECT_EQ(policy.delay(100, 1.0), seconds(300));
  EXPECT_EQ(policy.delay(100, 0.0), seconds(270));
  EXPECT_EQ((RetryPolicy{.jitter = 0}).delay(3, 0.99), seconds(4));
}

TEST(RetryPolicy, GrowsExponentiallyByItsMultiplier) {
  const RetryPolicy policy{
      .backoff = Backoff::exponential, .base = Millis(100), .cap = seconds(10), .multiplier = 3};
  EXPECT_EQ(policy.delay(1, kMiddle), Millis(100));
  EXPECT_EQ(policy.delay(3, kMiddle), Millis(900));
  EXPECT_EQ(policy.delay(2'000'000'000, kMiddle), seconds(10));
}

TEST(RetryPolicy, StaysConstant) {
  const RetryPolicy policy{.backoff = Backoff::constant, .base = Millis(250)};
  EXPECT_EQ(policy.delay(1, kMiddle), Millis(250));
  EXPECT_EQ(policy.delay(50, kMiddle), Millis(250));
}

TEST(RetryPolicy, ScalesTheTableByItsBase) {
  EXPECT_EQ((RetryPolicy{.base = Millis(10)}).delay(3, kMiddle), Millis(40));
}

TEST(RetryPolicy, LetsTheHandlersWishWinWithinTheCap) {
  const RetryPolicy policy;
  EXPECT_EQ(policy.delay(5, 0.0, Millis(1'500)), Millis(1'500));
  EXPECT_EQ(policy.delay(5, 0.0, seconds(10'000)), seconds(300));
  EXPECT_EQ(policy.delay(5, 0.0, Millis(-5)), Millis(0));
  EXPECT_EQ(policy.delay(1, kMiddle, std::nullopt), seconds(1));
}

TEST(RetryPolicy, CountsNoAttemptAsTheFirst) {
  EXPECT_EQ(RetryPolicy{}.delay(0, kMiddle), seconds(1));
}

TEST(Backoff, TextsLeadBackToTheKind) {
  for (Backoff backoff : {Backoff::table, Backoff::exponential, Backoff::constant})
    EXPECT_EQ(backoff_from(backoff_text(backoff)), backoff);
  EXPECT_EQ(backoff_from("linear"), std::nullopt);
}

}  // namespace
}  // namespace tasker::model
