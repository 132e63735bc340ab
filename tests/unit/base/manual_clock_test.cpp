#include "support/manual_clock.h"

#include <gtest/gtest.h>

namespace tasker {
namespace {

TEST(ManualClock, MovesOnlyWhenTold) {
  test::ManualClock clock;
  const auto steady = clock.steady_now();
  const auto system = clock.system_now();
  EXPECT_EQ(clock.steady_now(), steady);
  clock.advance(std::chrono::milliseconds(1'500));
  EXPECT_EQ(clock.steady_now() - steady, std::chrono::milliseconds(1'500));
  EXPECT_EQ(clock.system_now() - system, std::chrono::milliseconds(1'500));
}

TEST(SystemClock, NeverRunsBackwards) {
  const SystemClock clock;
  const auto before = clock.steady_now();
  EXPECT_GE(clock.steady_now(), before);
}

}  // namespace
}  // namespace tasker
