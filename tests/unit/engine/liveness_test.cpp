// Who is dead: decided by a counter and the observer's own clock, never by time stamps.
#include "engine/liveness.h"

#include <grp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/wait.h>
#include <unistd.h>

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

// Under the name that this process would have with its number.
std::string process_that_has_ended() {
  const pid_t child = ::fork();
  if (child == 0) ::_exit(0);
  ::waitpid(child, nullptr, 0);
  std::string name = current_process();
  const auto own = "/" + std::to_string(::getpid()) + "/";
  return name.replace(name.find(own), own.size(), "/" + std::to_string(child) + "/");
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

TEST(ProcessId, ProvesThatAProcessThatHasEndedIsGone) {
  EXPECT_TRUE(certainly_gone(process_that_has_ended()));
}

// As a host that systemd started with ProtectProc=invisible sees the host of another user.
TEST(ProcessId, ProvesNothingAboutAProcessThatItMayNotSee) {
  const std::string here = current_process(), ended = process_that_has_ended();
  const pid_t child = ::fork();
  if (child == 0) {
    if (::unshare(CLONE_NEWNS) != 0 || ::mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) != 0 ||
        ::mount("proc", "/proc", "proc", 0, "hidepid=2") != 0 || ::setgroups(0, nullptr) != 0 ||
        ::setgid(65534) != 0 || ::setuid(65534) != 0)
      ::_exit(77);
    ::_exit((certainly_gone(here) ? 1 : 0) + (certainly_gone(ended) ? 0 : 2));
  }
  int status = 0;
  ASSERT_EQ(::waitpid(child, &status, 0), child);
  ASSERT_TRUE(WIFEXITED(status));
  if (WEXITSTATUS(status) == 77) GTEST_SKIP() << "only root may make the other user's view";
  EXPECT_EQ(WEXITSTATUS(status), 0) << "1: one that lives is said to be gone; 2: one that has ended is not";
}

TEST(ProcessId, ProvesNothingAboutOtherMachines) {
  EXPECT_FALSE(certainly_gone("some-other-boot/pid:[1]/1/1"));
  EXPECT_FALSE(certainly_gone(""));
}

}  // namespace
}  // namespace tasker::engine
