// What the log says of attempts that fail.
#include "engine/failure_log.h"
#include "support/log_capture.h"
#include "support/story.h"

namespace tasker::test {
namespace {

using namespace std::chrono_literals;
using engine::FailureLog;
using model::OutcomeKind;

engine::AttemptOutcome failing(OutcomeKind kind, const std::string& message = "the bank is busy", engine::Millis retry_after = 200ms) {
  engine::AttemptOutcome outcome;
  outcome.kind = kind;
  outcome.code = "bank.busy";
  outcome.message = message;
  outcome.retry_after = retry_after;
  return outcome;
}

TEST(EngineFailures, EachIsALineThatSaysWhenItIsTriedAgain) {
  Story story("charge");
  const auto task = std::to_string(raw(story.submit()));
  LogCapture log;
  story.end("charge", failing(OutcomeKind::retry));
  ASSERT_EQ(log.lines().size(), 1u);
  EXPECT_NE(log.lines()[0].find(" info "), std::string::npos) << log.lines()[0];
  EXPECT_NE(log.lines()[0].find(" task " + task + " step charge] attempt 1 of 3 failed, the next one in 200 ms: bank.busy: "
                                "the bank is busy"), std::string::npos) << log.lines()[0];
  story.advance(1s);
  story.end("charge", failing(OutcomeKind::fail));
  ASSERT_EQ(log.lines().size(), 2u);
  EXPECT_NE(log.lines()[1].find("warning"), std::string::npos) << log.lines()[1];
  EXPECT_NE(log.lines()[1].find("attempt 2 of 3 failed, and the step with it: bank.busy"), std::string::npos) << log.lines()[1];
}

TEST(EngineFailures, TheLastAttemptIsNotTriedAgain) {
  Story story("charge!");
  story.submit();
  LogCapture log;
  story.end("charge", failing(OutcomeKind::retry));
  EXPECT_EQ(log.lines("attempt 1 of 1 failed, and the step with it").size(), 1u);
}

TEST(EngineFailures, WaitingAndGoodEndsAreNone) {
  Story story("a\nb");
  story.submit();
  LogCapture log;
  story.end("a", failing(OutcomeKind::wait));
  story.finish("b");
  EXPECT_EQ(log.lines().size(), 0u);
}

TEST(EngineFailures, AMessageCannotForgeALine) {
  Story story("a!");
  story.submit();
  LogCapture log;
  story.end("a", failing(OutcomeKind::fail, "oh\n2026-01-01 00:00:00.000 error all is lost" + std::string(10'000, 'x')));
  ASSERT_EQ(log.lines().size(), 1u);
  EXPECT_LT(log.lines()[0].size(), 1'000u);
}

TEST(EngineFailures, AFloodIsAFewLinesAndANumber) {
  engine::EngineOptions options;
  options.workers = 1000;
  Story story("a!\nb", options);
  LogCapture log;
  for (int i = 0; i < 100; ++i) {
    const TaskId task = story.submit();
    story.end("a", failing(OutcomeKind::fail), task);
    story.end("b", failing(OutcomeKind::retry, "busy", 30s), task);
  }
  EXPECT_EQ(log.lines("and the step with it").size(), static_cast<std::size_t>(FailureLog::kLines));
  EXPECT_EQ(log.lines("the next one in 30 s").size(), static_cast<std::size_t>(FailureLog::kLines))
      << "those that are tried again do not take the place of those that are not";
  EXPECT_EQ(log.lines("got no line").size(), 0u);
  story.advance(FailureLog::kSpan);
  EXPECT_EQ(log.lines("80 more attempts failed within 10 s and got no line").size(), 2u);
  story.end("a", failing(OutcomeKind::fail), story.submit());
  EXPECT_EQ(log.lines("and the step with it").size(), FailureLog::kLines + 1u) << "and then they are told again";
  story.advance(FailureLog::kSpan * 2);
  EXPECT_EQ(log.lines("got no line").size(), 2u);
}

}  // namespace
}  // namespace tasker::test
