// What a host keeps in mind of its runners: crashes, words on a death, lines of output, and outcomes that it checks again.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <signal.h>
#include <sys/wait.h>

#include "model/task_template.h"
#include "runner/board.h"
#include "runner/crash_history.h"
#include "runner/death.h"
#include "runner/outcome_check.h"
#include "runner/output_lines.h"

namespace tasker::runner {
namespace {

using namespace std::chrono_literals;
using testing::ElementsAre;
using testing::HasSubstr;

const auto kStart = std::chrono::steady_clock::time_point(1h);

TEST(CrashHistory, PausesLongerAfterEachCrashInARow) {
  CrashHistory history(100, 300s);
  std::vector<long> pauses;
  for (int i = 0; i < 10; ++i) {
    history.note(kStart, 10ms);
    pauses.push_back(history.pause().count());
  }
  EXPECT_THAT(pauses, ElementsAre(0, 100, 200, 400, 800, 1600, 3200, 6400, 10000, 10000));
  history.note(kStart, 31s);
  EXPECT_EQ(history.pause(), 0ms) << "it had been well for a while";
}

TEST(CrashHistory, IsTooMuchWithinTheWindowOnly) {
  CrashHistory history(3, 60s);
  history.note(kStart, 1s);
  history.note(kStart + 50s, 1s);
  EXPECT_FALSE(history.is_too_much(kStart + 50s));
  history.note(kStart + 61s, 1s);
  EXPECT_FALSE(history.is_too_much(kStart + 61s));
  history.note(kStart + 62s, 1s);
  EXPECT_TRUE(history.is_too_much(kStart + 62s));
  history.forget();
  EXPECT_FALSE(history.is_too_much(kStart + 62s));
}

TEST(Death, IsToldByTheSignalsNameOrTheExitCode) {
  EXPECT_EQ(how_it_ended({.status = SIGSEGV}), "SIGSEGV (invalid memory access)");
  EXPECT_EQ(how_it_ended({.status = 0}), "exit with code 0");
  EXPECT_EQ(how_it_ended({.status = 7 << 8}), "exit with code 7");
  EXPECT_EQ(how_it_ended({.status = SIGKILL, .was_killed_by_us = true}), "SIGKILL (killed by its host)");
  EXPECT_EQ(how_it_ended({.status = SIGABRT, .ran_out_of_memory = true, .memory_mib = 64}),
            "SIGABRT (abort), after it had run out of its 64 MiB of memory");
}

TEST(OutputLines, AreCutAndAFloodIsCounted) {
  std::vector<std::string> told;
  OutputLines lines([&](std::string_view line) { told.emplace_back(line); });
  lines.add("one\ntw", kStart);
  lines.add("o\n\nhalf", kStart);
  lines.add(std::string(5'000, 'x') + "\n", kStart);
  EXPECT_THAT(told, ElementsAre("one", "two", "half" + std::string(4'092, 'x'), std::string(908, 'x')));
  told.clear();
  for (int i = 0; i < 1'000; ++i) lines.add("again\n", kStart + 2s);
  EXPECT_EQ(told.size(), 200u);
  lines.add("later", kStart + 4s);
  lines.end(kStart + 4s);
  EXPECT_THAT(told.at(200), HasSubstr("800 lines more"));
  EXPECT_EQ(told.at(201), "later");
}

TEST(Outcomes, OfARunnerAreCheckedAsAPluginsOwn) {
  const plugin::AttemptLimits limits{.max_result_bytes = 100, .max_checkpoint_bytes = 20};
  model::StepTemplate step;
  step.custom_events.push_back({"refunded", ""});
  const auto code = [&](const OutcomeText& text, std::uint32_t bits = 0) { return checked_outcome(text, bits, step, limits).code; };
  EXPECT_EQ(checked_outcome({.kind = 0, .payload = "{\"a\":1}", .events = "[]"}, 0, step, limits).payload, "{\"a\":1}");
  EXPECT_EQ(code({.kind = 0, .payload = "{a"}), "plugin.bad_result");
  const std::string large = "\"" + std::string(200, 'x') + "\"";
  EXPECT_EQ(code({.kind = 0, .payload = large}), "plugin.bad_result");
  EXPECT_EQ(code({.kind = 6}), "plugin.bad_outcome") << "lost is for hosts to say";
  EXPECT_EQ(code({.kind = 4}), "plugin.bad_outcome");
  EXPECT_EQ(code({.kind = 4}, engine::kStopDraining), "");
  EXPECT_EQ(code({.kind = 0, .events = "{}"}), "plugin.bad_result");
  EXPECT_EQ(code({.kind = 0, .events = "[1"}), "plugin.bad_result");
  EXPECT_EQ(code({.kind = 0, .events = "[1]"}), "plugin.bad_result");
  EXPECT_EQ(code({.kind = 0, .events = R"([{"name":"refunded","payload":null}])"}), "");
  EXPECT_EQ(code({.kind = 0, .events = R"([{"name":"invented","payload":null}])"}), "plugin.bad_result");
  EXPECT_EQ(checked_outcome({.kind = 1, .checkpoint = "[1]"}, 0, step, limits).checkpoint, "[1]");
  EXPECT_EQ(checked_outcome({.kind = 1, .checkpoint = large}, 0, step, limits).checkpoint, "");
  EXPECT_EQ(checked_outcome({.kind = 1, .retry_after_ms = 5}, 0, step, limits).retry_after.count(), 5);
  EXPECT_EQ(checked_outcome({.kind = 1, .retry_after_ms = -1}, 0, step, limits).retry_after.count(), -1);
}

TEST(Board, TellsWhatTheOtherSideBegan) {
  auto host = Board::make(100);
  ASSERT_TRUE(host);
  auto child = Board::open(host->descriptor(), 100);
  ASSERT_TRUE(child);
  child->begin(99);
  EXPECT_TRUE(host->has_begun(99));
  EXPECT_FALSE(host->has_begun(0));
  host->clear(99);
  EXPECT_FALSE(child->has_begun(99));
  EXPECT_FALSE(host->ran_out_of_memory());
  child->note_out_of_memory();
  EXPECT_TRUE(host->ran_out_of_memory());
}

}  // namespace
}  // namespace tasker::runner
