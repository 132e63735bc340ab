// A crash inside a plugin names the plugin, the step and the task, and still ends the process by its signal.
#include "plugin/crash_report.h"

#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <sstream>
#include <thread>

namespace tasker::plugin {
namespace {

TEST(CrashReportDeathTest, NamesPluginStepAndTask) {
  EXPECT_EXIT(
      {
        install_crash_report("");
        const CrashMark mark("payments/refund 1.2.0", "reverse_charge", "4711", 2);
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
        const CrashMark mark("payments/refund 1.2.0", "reverse_charge", "4711", 2);
        std::raise(SIGSEGV);
      },
      testing::KilledBySignal(SIGSEGV), "reverse_charge");
  std::stringstream text;
  text << std::ifstream(log).rdbuf();
  EXPECT_EQ(text.str(), "before\ntasker: SIGSEGV (invalid memory access) in plugin payments/refund 1.2.0, step reverse_charge of "
                        "task 4711, attempt 2\n");
  std::filesystem::remove(log);
}

TEST(CrashReportDeathTest, SaysNothingAboutPluginsWhenNoneWasRunning) {
  EXPECT_EXIT(
      {
        install_crash_report("");
        { const CrashMark mark("payments/refund 1.2.0", "notify", "1", 1); }
        std::abort();
      },
      testing::KilledBySignal(SIGABRT), "^$");
}

TEST(CrashReportDeathTest, KeepsThreadsApart) {
  EXPECT_EXIT(
      {
        install_crash_report("");
        const CrashMark mark("payments/refund 1.2.0", "notify", "1", 1);
        std::thread([] {
          const CrashMark other("default/order 1.0.0", "validate", "2", 1);
          std::raise(SIGABRT);
        }).join();
      },
      testing::KilledBySignal(SIGABRT), "in plugin default/order 1.0.0, step validate of task 2, attempt 1");
}

}  // namespace
}  // namespace tasker::plugin
