// Who is dead: decided by a counter and the observer's own clock, never by time stamps.
#include "engine/liveness.h"

#include "base/process_id.h"

namespace tasker::engine {
namespace {

using namespace std::chrono_literals;

constexpr LivenessOptions kOptions{2s, 10s};
const std::chrono::steady_clock::time_point kStart{std::chrono::hours(1)};

HostObserver observer() {
  return HostObserver(kOptions, [](const std::string& process) { return process == "gone"; });
}

TEST(HostObserver, CallsAHostDeadWhenItsCounterStoodStillForTheTimeout) {
  HostObserver watching = observer();
  for (auto t = 0s; t < 10s; t += 2s) EXPECT_TRUE(watching.observe({{HostId{2}, 7, ""}}, kStart + t).empty());
  EXPECT_EQ(watching.observe({{HostId{2}, 7, ""}}, kStart + 10s), std::vector{HostId{2}});
}

TEST(HostObserver, CallsNobodyDeadWhoseCounterMoves) {
  HostObserver watching = observer();
  for (int i = 0; i < 100; ++i) EXPECT_TRUE(watching.observe({{HostId{2}, i / 4, ""}}, kStart + i * 2s).empty());
}

TEST(HostObserver, BeginsAnewAfterItsOwnBeatsFailedForTheTimeout) {
  HostObserver watching = observer();
  watching.observe({{HostId{2}, 7, ""}}, kStart);
  EXPECT_TRUE(watching.observe({{HostId{2}, 7, ""}}, kStart + 60s).empty());
  for (auto t = 62s; t < 70s; t += 2s) EXPECT_TRUE(watching.observe({{HostId{2}, 7, ""}}, kStart + t).empty());
  EXPECT_EQ(watching.observe({{HostId{2}, 7, ""}}, kStart + 70s).size(), 1u);
}

TEST(HostObserver, CountsNoTimeInWhichItsOwnBeatsFailed) {
  HostObserver watching = observer();
  watching.observe({{HostId{2}, 7, ""}}, kStart);
  watching.observe({{HostId{2}, 7, ""}}, kStart + 2s);
  EXPECT_TRUE(watching.observe({{HostId{2}, 7, ""}}, kStart + 11s).empty()) << "nobody could beat for nine seconds";
  EXPECT_TRUE(watching.observe({{HostId{2}, 7, ""}}, kStart + 13s).empty());
  EXPECT_EQ(watching.observe({{HostId{2}, 7, ""}}, kStart + 15s).size(), 1u);
}

TEST(HostObserver, NeedsNoTimeoutForAProcessThatIsProvablyGone) {
  HostObserver watching = observer();
  EXPECT_EQ(watching.observe({{HostId{2}, 7, "gone"}}, kStart).size(), 1u);
}

TEST(HostObserver, GoesOnWithATakeoverThatAnotherBegan) {
  HostObserver watching = observer();
  EXPECT_EQ(watching.observe({{HostId{2}, -1, ""}}, kStart).size(), 1u);
}

TEST(ProcessId, KnowsItselfAsRunning) {
  EXPECT_FALSE(current_process().empty());
  EXPECT_FALSE(certainly_gone(current_process()));
}

TEST(ProcessId, ProvesThatAnEarlierUserOfThisPidIsGone) {
  std::string other = current_process();
  other.back() = other.back() == '1' ? '2' : '1';
  EXPECT_TRUE(certainly_gone(other));
}

TEST(ProcessId, ProvesNothingAboutOtherMachines) {
  EXPECT_FALSE(certainly_gone("some-other-boot/pid:[1]/1/1"));
  EXPECT_FALSE(certainly_gone(""));
}

}  // namespace
}  // namespace tasker::engine
