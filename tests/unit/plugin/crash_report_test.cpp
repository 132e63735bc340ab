// A crash inside a plugin names the plugin, the step and the task, for people and for the next host, and still ends the process
// by its signal.
#include "plugin/crash_report.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <limits>
#include <set>
#include <sstream>
#include <thread>

#include "plugin/crash_records.h"

namespace tasker::plugin {
namespace {

Fence fence_of(std::int64_t task) { return {{static_cast<TaskId>(task), 2}, 3}; }

TEST(CrashReportDeathTest, NamesPluginStepAndTask) {
  EXPECT_EXIT(
      {
        install_crash_report("");
        const CrashMark mark("payments/refund 1.2.0", "reverse_charge", fence_of(4711), 2);
        std::raise(SIGSEGV);
      },
      testing::KilledBySignal(SIGSEGV),
      "SIGSEGV .* in plugin payments/refund 1.2.0, step reverse_charge of task 4711, attempt 2");
}

TEST(CrashReportDeathTest, WritesIntoTheLogToo) {
  const auto log = std::filesystem::temp_directory_path() / ("tasker-crash-" + std::to_string(::getpid()) + ".log");
  std::ofstream(log) << "before\n";
  EXPECT_EXIT(
      {
        install_crash_report(log.string());
        const CrashMark mark("payments/refund 1.2.0", "reverse_charge", fence_of(4711), 2);
        std::raise(SIGSEGV);
      },
      testing::KilledBySignal(SIGSEGV), "reverse_charge");
  std::stringstream text;
  text << std::ifstream(log).rdbuf();
  EXPECT_TRUE(text.str().starts_with("before\ntasker: SIGSEGV (invalid memory access) in plugin payments/refund 1.2.0, step reverse_charge of "
                                     "task 4711, attempt 2\n"))
      << text.str();
  std::filesystem::remove(log);
}

TEST(CrashReportDeathTest, SaysNothingAboutPluginsWhenNoneWasRunning) {
  EXPECT_EXIT(
      {
        install_crash_report("");
        { const CrashMark mark("payments/refund 1.2.0", "notify", fence_of(1), 1); }
        std::abort();
      },
      testing::KilledBySignal(SIGABRT), "^$");
}

TEST(CrashReportDeathTest, KeepsThreadsApart) {
  EXPECT_EXIT(
      {
        install_crash_report("");
        const CrashMark mark("payments/refund 1.2.0", "notify", fence_of(1), 1);
        std::thread([] {
          const CrashMark other("default/order 1.0.0", "validate", fence_of(2), 1);
          std::raise(SIGABRT);
        }).join();
      },
      testing::KilledBySignal(SIGABRT), "in plugin default/order 1.0.0, step validate of task 2, attempt 1");
}

class CrashRecord : public testing::Test {
 protected:
  void SetUp() override { std::filesystem::create_directory(folder_); }
  void TearDown() override { std::filesystem::remove_all(folder_); }

  // In a process of its own, which ends by what `act` does while it runs step 2 of task 4711 under claim 3.
  template <class Act>
  void end_by(int signal, Act act) {
    EXPECT_EXIT(
        {
          install_crash_report("");
          keep_crash_record(folder_, "boot/pid:[1]/77/42");
          const CrashMark mark("payments/refund 1.2.0", "reverse charge", fence_of(4711), 2);
          act();
        },
        testing::KilledBySignal(signal), "");
  }

  const std::filesystem::path folder_ = std::filesystem::temp_directory_path() / ("tasker-records-" + std::to_string(::getpid()));
};
using CrashRecordDeathTest = CrashRecord;

[[gnu::noinline]] int deeper(volatile char* before, int depth) {
  volatile char frame[1024];
  frame[0] = static_cast<char>(before[0] + depth);
  if (depth == std::numeric_limits<int>::max()) return 0;
  return deeper(frame, depth + 1) + frame[0];
}

void overflow_stack() {
  volatile char start = 0;
  deeper(&start, 1);
}

TEST_F(CrashRecordDeathTest, IsLeftForTheNextHostAndForgottenOnce) {
  end_by(SIGSEGV, [] { std::raise(SIGSEGV); });
  CrashFolder records(folder_);
  const auto found = records.read();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].process, "boot/pid:[1]/77/42");
  EXPECT_EQ(found[0].fence, fence_of(4711));
  EXPECT_EQ(found[0].signal, "SIGSEGV");
  EXPECT_EQ(found[0].plugin, "payments/refund 1.2.0");
  EXPECT_EQ(found[0].step, "reverse charge");
  records.forget(found[0]);
  EXPECT_TRUE(records.read().empty());
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

TEST_F(CrashRecordDeathTest, IsWrittenOnTheSignalsOwnStackWhenTheThreadsIsFull) {
  end_by(SIGSEGV, [] { std::thread([] {
    const CrashMark mark("test/deep 1.0.0", "dive", fence_of(12), 1);
    overflow_stack();
  }).join(); });
  const auto found = CrashFolder(folder_).read();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].step, "dive");
}

TEST_F(CrashRecordDeathTest, IsWrittenWhenAllDescriptorsAreInUse) {
  end_by(SIGABRT, [] {
    const rlimit few{64, 64};
    ::setrlimit(RLIMIT_NOFILE, &few);
    while (::dup(STDERR_FILENO) >= 0) {
    }
    std::abort();
  });
  EXPECT_EQ(CrashFolder(folder_).read().size(), 1u);
}

// Whoever reads it may have stopped reading.
TEST_F(CrashRecordDeathTest, EndsTheProcessAlsoWhenNobodyReadsStderr) {
  end_by(SIGABRT, [] {
    std::array<int, 2> ends{};
    ASSERT_EQ(::pipe2(ends.data(), O_NONBLOCK | O_CLOEXEC), 0);
    while (::write(ends[1], "x", 1) == 1) {
    }
    ASSERT_EQ(::fcntl(ends[1], F_SETFL, 0), 0);
    ::dup2(ends[1], STDERR_FILENO);
    ::alarm(30);
    std::abort();
  });
  EXPECT_EQ(CrashFolder(folder_).read().size(), 1u);
}

// `kill -SEGV` says nothing about the step that happened to run.
TEST_F(CrashRecordDeathTest, BlamesNobodyForASignalFromOutside) {
  end_by(SIGSEGV, [] {
    if (::fork() == 0) {
      ::kill(::getppid(), SIGSEGV);
      ::_exit(0);
    }
    for (;;) ::pause();
  });
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

// The child has the parent's marks, but what it ends is only itself.
TEST_F(CrashRecordDeathTest, BlamesNobodyForTheCrashOfAForkedChild) {
  EXPECT_EXIT(
      {
        install_crash_report("");
        keep_crash_record(folder_, "boot/pid:[1]/77/42");
        const CrashMark mark("payments/refund 1.2.0", "reverse charge", fence_of(4711), 2);
        const pid_t child = ::fork();
        if (child == 0) std::abort();
        int ended = 0;
        ::waitpid(child, &ended, 0);
        ::_exit(WIFSIGNALED(ended) && WTERMSIG(ended) == SIGABRT ? 0 : 1);
      },
      testing::ExitedWithCode(0), "^$");
  EXPECT_TRUE(std::filesystem::is_empty(folder_));
}

// Whoever comes first is told of whole; the others wait for the end that it brings.
TEST_F(CrashRecordDeathTest, OfManyThreadsThatCrashAtOnceOneIsWholeAndAlone) {
  end_by(SIGSEGV, [] {
    for (int i = 1; i <= 8; ++i) {
      std::thread([i] {
        const CrashMark mark("test/many 1.0.0", "run", fence_of(i), 1);
        std::raise(SIGSEGV);
      }).detach();
    }
    for (;;) ::pause();
  });
  const auto found = CrashFolder(folder_).read();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].plugin, "test/many 1.0.0");
}

TEST_F(CrashRecord, AgeAloneForgetsNoneThatWasNotAskedAbout) {
  const auto age = [&](const std::string& name, std::chrono::hours hours) {
    std::filesystem::last_write_time(folder_ / name, std::filesystem::file_time_type::clock::now() - hours);
  };
  for (const std::string process : {"old", "new"})
    std::ofstream(folder_ / crash_record_name(process)) << process << "\t64\t1\t1\tSIGSEGV\ttest/a 1.0.0\trun\n";
  age(crash_record_name("old"), std::chrono::hours(24 * 8));
  CrashFolder records(folder_);
  const auto found = records.read();
  ASSERT_EQ(found.size(), 2u);
  for (const auto& record : found) records.forget_if_old(record);
  const auto left = records.read();
  ASSERT_EQ(left.size(), 1u);
  EXPECT_EQ(left[0].process, "new");
}

TEST_F(CrashRecord, WhatCannotBeOpenedNowIsLeft) {
  const auto path = folder_ / crash_record_name("p");
  std::ofstream(path) << "p\t64\t1\t1\tSIGSEGV\ttest/a 1.0.0\trun\n";
  CrashFolder records(folder_);
  rlimit usual{};
  ASSERT_EQ(::getrlimit(RLIMIT_NOFILE, &usual), 0);
  const int next = ::dup(STDERR_FILENO);
  ::close(next);
  const rlimit one_for_the_folder{static_cast<rlim_t>(next) + 1, usual.rlim_max};
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &one_for_the_folder), 0);
  const auto unread = records.read();
  ASSERT_EQ(::setrlimit(RLIMIT_NOFILE, &usual), 0);
  EXPECT_TRUE(unread.empty());
  EXPECT_EQ(records.read().size(), 1u);
}

TEST_F(CrashRecord, WhatWasLeftHalfWrittenADayAgoIsRemoved) {
  const auto half = folder_ / "crash.w.record.part";
  std::ofstream(half) << "half";
  EXPECT_TRUE(CrashFolder(folder_).read().empty());
  EXPECT_TRUE(std::filesystem::exists(half)) << "somebody may be writing it";
  std::filesystem::last_write_time(half, std::filesystem::file_time_type::clock::now() - std::chrono::hours(25));
  EXPECT_TRUE(CrashFolder(folder_).read().empty());
  EXPECT_FALSE(std::filesystem::exists(half));
}

TEST_F(CrashRecord, WhatIsNoneIsRemovedAndWhatIsNotOursIsLeft) {
  const auto write = [&](const std::string& name, const std::string& text) { std::ofstream(folder_ / name) << text; };
  const std::string good = "p\t64\t1\t1\tSIGSEGV\ttest/a 1.0.0\trun\n";
  write(crash_record_name("p"), good);
  write(crash_record_name("q"), good);  // names another process
  write("crash.cut.record", good.substr(0, 20));
  write("crash.numbers.record", "numbers\t-1\tx\t1\tSIGSEGV\ttest/a 1.0.0\trun\n");
  write("crash.huge.record", std::string(100'000, 'x'));
  write("crash.w.record.part", "half");
  write("0123abcd.so", "a copy");
  const auto found = CrashFolder(folder_).read();
  ASSERT_EQ(found.size(), 1u);
  EXPECT_EQ(found[0].process, "p");
  std::set<std::string> left;
  for (const auto& file : std::filesystem::directory_iterator(folder_)) left.insert(file.path().filename().string());
  EXPECT_EQ(left, (std::set<std::string>{"crash.p.record", "crash.w.record.part", "0123abcd.so"}));
  EXPECT_TRUE(CrashFolder(folder_ / "nowhere").read().empty());
}

}  // namespace
}  // namespace tasker::plugin
