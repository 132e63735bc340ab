// How the engine ends: in order, within its grace time, and at once when nothing it waits for can still happen.
#include "support/log_capture.h"
#include "support/story.h"

namespace tasker::test {
namespace {

using namespace std::chrono_literals;
using Names = std::vector<std::string>;

const Error kAway{Code::database_unavailable, "the database is away", Retry::later};

long count(const std::vector<std::string>& calls, const std::string& verb) {
  return std::count(calls.begin(), calls.end(), verb);
}

engine::EngineOptions workers(int count) {
  engine::EngineOptions options;
  options.workers = count;
  return options;
}

TEST(EngineStop, LeavesNothingInProgress) {
  Story story("a\nb");
  story.submit();
  story.stop();
  EXPECT_EQ(story.state("a"), "ready");
  EXPECT_EQ(story.state("b"), "ready");
  story.start();
  story.advance(1s);
  EXPECT_EQ(story.running(), (Names{"a", "b"}));
}

TEST(EngineStop, LeavesOnlyWhenWhatItHandsBackIsWritten) {
  Story story("a\nb", workers(1));
  story.submit();
  story.store.hold_next("hand_back");
  bool stopped = false;
  story.engine->stop(0ms, [&] { stopped = true; });
  story.advance(1s);
  EXPECT_EQ(count(story.store.calls(), "leave"), 0) << "a host that left is refused, and the step counts as lost";
  story.store.release();
  story.advance(1s);
  EXPECT_EQ(count(story.store.calls(), "leave"), 1);
  EXPECT_TRUE(stopped);
}

TEST(EngineStop, HandsBackWhatItsLastClaimBroughtAndEndsThen) {
  Story story("a", workers(1));
  story.submit(3);
  story.store.hold_next("claim");
  story.finish("a");
  story.finish("a");
  bool stopped = false;
  story.engine->stop(60s, [&] { stopped = true; });
  story.advance(1s);
  EXPECT_EQ(count(story.store.calls(), "leave"), 0);
  story.store.release();
  story.advance(1s);
  EXPECT_TRUE(stopped) << "no handler was running";
  for (const TaskId id : story.store.tasks()) EXPECT_NE(story.state("a", id), "in_progress");
}

TEST(EngineStop, TellsRunningHandlers) {
  Story story("a");
  story.submit();
  const auto stop = story.input("a").stop;
  story.engine->stop(10s, [] {});
  story.executor.run();
  EXPECT_EQ(stop->load() & engine::kStopDraining, engine::kStopDraining);
}

TEST(EngineStop, SaysWhatWasFinishedAndWhatWasHandedBack) {
  LogCapture log;
  Story story("a\nb\nc", workers(2));
  story.submit();
  bool stopped = false;
  story.engine->stop(10s, [&] { stopped = true; });
  story.advance(1s);
  story.finish("a");
  EXPECT_FALSE(stopped);
  story.advance(12s);
  EXPECT_TRUE(stopped);
  EXPECT_EQ(story.state("a"), "complete");
  EXPECT_EQ(story.state("b"), "ready");
  const auto lines = log.lines("stopped");
  ASSERT_EQ(lines.size(), 1u);
  EXPECT_NE(lines[0].find("1 attempt finished"), std::string::npos) << lines[0];
  EXPECT_NE(lines[0].find("2 steps handed back"), std::string::npos) << lines[0];
}

TEST(EngineStop, EndsAtOnceWhenTheHostIsDeclaredDead) {
  LogCapture log;
  Story story("a\nb");
  story.submit();
  bool stopped = false;
  story.engine->stop(60s, [&] { stopped = true; });
  story.executor.run();
  story.store.declare_dead(story.host);
  story.finish("a");  // refused: nothing can be written any more
  story.advance(100ms);
  EXPECT_TRUE(stopped);
  EXPECT_EQ(count(story.store.calls(), "register_host"), 1);
  ASSERT_EQ(log.lines("stopped").size(), 1u);
  EXPECT_NE(log.lines("stopped")[0].find("2 steps"), std::string::npos) << log.lines("stopped")[0];
}

TEST(EngineStop, WaitsForADatabaseThatMayComeBack) {
  Story story("a");
  story.submit();
  story.store.fail_all("", kAway);
  bool stopped = false;
  story.engine->stop(60s, [&] { stopped = true; });
  story.finish("a");
  story.advance(30s);
  EXPECT_FALSE(stopped);
  story.store.allow_all();
  story.advance(3s);
  EXPECT_TRUE(stopped);
  EXPECT_EQ(story.task_state(), "complete");
}

TEST(EngineStop, EndsAtOnceWhenTheDatabaseIsGoneForGood) {
  for (const bool before : {true, false}) {
    Story story("a");
    story.submit();
    story.store.fail_all("", kAway);
    if (before) story.engine->database_is_gone();
    bool stopped = false;
    story.engine->stop(60s, [&] { stopped = true; });
    story.executor.run();
    EXPECT_EQ(stopped, before);
    story.engine->database_is_gone();
    story.advance(100ms);
    EXPECT_TRUE(stopped);
  }
}

TEST(EngineStop, AnswersSubmissionsThatWaitForANewLife) {
  Story story("a");
  story.store.declare_dead(story.host);
  story.store.fail_all("register_host", kAway);
  std::vector<std::optional<Code>> answers(3);
  for (auto& answer : answers) {
    engine::NewTask task;
    task.template_id = TemplateId{1};
    story.engine->submit({task}, [&answer](const Result<std::vector<TaskId>>& ids) { answer = ids.error().code; });
  }
  story.executor.run();
  // The first was sent and refused, unless the heartbeat's thread, a real one, found the host dead before.
  EXPECT_EQ(answers[0].value_or(Code::host_dead), Code::host_dead);
  EXPECT_EQ(answers[1], std::nullopt);
  bool stopped = false;
  story.engine->stop(60s, [&] { stopped = true; });
  story.advance(100ms);
  EXPECT_TRUE(answers[0].has_value());
  EXPECT_EQ(answers[1], Code::stopping);
  EXPECT_EQ(answers[2], Code::stopping);
  EXPECT_TRUE(stopped) << "there is no life whose end could be waited for";
}

TEST(EngineStop, AnswersSubmissionsThatTheDatabaseDidNotTakeInTime) {
  Story story("a");
  story.store.hold_next("submit");
  std::vector<std::optional<Code>> answers(2);
  for (auto& answer : answers) {
    engine::NewTask task;
    task.template_id = TemplateId{1};
    story.engine->submit({task}, [&answer](const Result<std::vector<TaskId>>& ids) { answer = ids.error().code; });
  }
  story.executor.run();
  story.stop(1s);
  EXPECT_EQ(answers[0], Code::stopping);
  EXPECT_EQ(answers[1], Code::stopping);
}

TEST(EngineStop, AnswersABatchOfSubmissionsThatLearnsOfItsDeath) {
  Story story("a");
  story.store.hold_next("submit");
  std::vector<std::optional<bool>> created(3);
  for (auto& each : created) {
    engine::NewTask task;
    task.template_id = TemplateId{1};
    story.engine->submit({task}, [&each](const Result<std::vector<TaskId>>& ids) { each = ids.has_value(); });
  }
  bool stopped = false;
  story.engine->stop(60s, [&] { stopped = true; });
  story.executor.run();
  story.store.declare_dead(story.host);
  story.store.release();
  story.advance(100ms);
  EXPECT_EQ(created[0], true);
  EXPECT_EQ(created[1], false);
  EXPECT_EQ(created[2], false);
  EXPECT_TRUE(stopped);
}

TEST(EngineStop, StaysStoppedWhenItsRegistrationIsAnsweredLate) {
  Story story("a");
  story.store.declare_dead(story.host);
  story.store.fail_next("register_host", kAway, false);
  engine::NewTask task;
  task.template_id = TemplateId{1};
  story.engine->submit({task}, [](const Result<std::vector<TaskId>>&) {});  // tells the host that it is dead
  story.stop();
  const auto before = count(story.store.calls(), "register_host");
  story.advance(10s);
  EXPECT_EQ(count(story.store.calls(), "register_host"), before);
}

TEST(EngineStop, AnOutcomeThatComesAfterTheEndIsDropped) {
  Story story("a");
  story.submit();
  story.finish_silently("a");  // its way to the strand has begun
  story.engine.reset();
  story.executor.run();
  EXPECT_EQ(story.state("a"), "in_progress");
}

}  // namespace
}  // namespace tasker::test
