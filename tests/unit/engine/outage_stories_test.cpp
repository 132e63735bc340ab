// What the engine does, and says, while the database or a part of it does not answer.
#include "support/log_capture.h"
#include "support/story.h"

namespace tasker::test {
namespace {

using namespace std::chrono_literals;
using Names = std::vector<std::string>;

const Error kAway{Code::database_unavailable, "the database is away", Retry::later};
const Error kRefused{Code::database_error, "relation is gone", Retry::never};

long count(const std::vector<std::string>& calls, const std::string& verb) {
  return std::count(calls.begin(), calls.end(), verb);
}

engine::EngineOptions forgetful() {
  engine::EngineOptions options;
  options.working_set_bytes = 1;  // keeps a single task
  return options;
}

TEST(EngineOutage, IsOneLineThenOneInTenSecondsThenOne) {
  Story story("a\nb: a");
  story.submit();
  LogCapture log;
  story.store.fail_all("", kAway);
  story.finish("a");
  story.advance(500ms);
  EXPECT_EQ(log.lines().size(), 1u) << "it goes";
  story.advance(59'500ms);
  EXPECT_GE(log.lines().size(), 5u);
  EXPECT_LE(log.lines().size(), 7u);
  EXPECT_EQ(log.lines("database.unavailable").size(), log.lines().size());
  EXPECT_NE(story.engine->trouble(), "");
  story.store.allow_all();
  story.advance(10s);
  EXPECT_EQ(log.lines("answers again").size(), 1u);
  EXPECT_EQ(story.engine->trouble(), "");
  EXPECT_EQ(story.running(), Names{"b"});
  const auto lines = log.lines().size();
  story.advance(60s);
  EXPECT_EQ(log.lines().size(), lines);
}

TEST(EngineOutage, LooksLessAndLessOften) {
  Story story("a");
  story.store.fail_all("", kAway);
  const auto calls = [&] { return static_cast<int>(story.store.calls().size()); };
  const int before = calls();
  story.advance(60s);
  EXPECT_LE(calls() - before, 50);
  EXPECT_GE(calls() - before, 20) << "the longest pause is bounded";
  story.store.allow_all();
  story.advance(6s);
  const int after = calls();
  story.advance(4s);
  EXPECT_GE(calls() - after, 9) << "and short again once the database is back";
}

TEST(EngineOutage, LookingForLostClaimsBacksOff) {
  Story story("a");
  story.store.fail_all("peek", kAway);
  story.advance(10min);
  EXPECT_GE(count(story.store.calls(), "held"), 3);
  EXPECT_LE(count(story.store.calls(), "held"), 20);
}

TEST(EngineOutage, ClaimsWhoseInputsCannotBeReadGoBackAfterTheStartBound) {
  LogCapture log;
  Story story("a\nb: a", forgetful());
  const TaskId first = story.submit();
  story.submit();
  story.store.fail_all("load", kRefused);
  story.finish("a", "7", first);
  story.advance(1s);
  EXPECT_EQ(story.state("b", first), "in_progress");
  EXPECT_EQ(count(story.store.calls(), "hand_back"), 0);
  story.advance(1'500ms);
  EXPECT_EQ(count(story.store.calls(), "hand_back"), 1);
  story.advance(57s);
  EXPECT_LE(count(story.store.calls(), "load"), 60);
  EXPECT_LE(count(story.store.calls(), "claim"), 10) << "what cannot be started is claimed less and less often";
  EXPECT_GE(log.lines("database.error").size(), 1u);
  EXPECT_LE(log.lines().size(), 16u);
  story.store.allow_all();
  story.advance(40s);
  EXPECT_EQ(story.input("b", first).inputs, R"({"a":7})");
  EXPECT_EQ(story.input("b", first).attempt, 1);
}

TEST(EngineOutage, ATemplateThatItsPluginLacksIsToldOnceAndClaimedSeldom) {
  Story story("a\nb: a");
  story.submit();
  LogCapture log;
  story.lose_template();
  story.finish("a");
  story.advance(30s);
  EXPECT_LE(count(story.store.calls(), "claim"), 6);
  ASSERT_EQ(log.lines().size(), 1u);
  EXPECT_NE(log.lines()[0].find("plugin 1"), std::string::npos) << log.lines()[0];
  EXPECT_NE(log.lines()[0].find("template 1"), std::string::npos) << log.lines()[0];
  EXPECT_EQ(story.state("b"), "ready") << "for another host";
  story.find_template();
  story.advance(1s);
  EXPECT_EQ(story.running(), Names{"b"});
}

TEST(EngineOutage, IsNotWhatACallersBadValueCauses) {
  LogCapture log;
  Story story("a");
  story.store.fail_next("submit", {Code::database_bad_value, "no such value", Retry::never}, false);
  std::optional<Code> code;
  engine::NewTask task;
  task.template_id = TemplateId{1};
  story.engine->submit({task}, [&](Result<std::vector<TaskId>> ids) { code = ids.error().code; });
  story.executor.run();
  EXPECT_EQ(code, Code::database_bad_value);
  EXPECT_EQ(story.engine->trouble(), "");
  EXPECT_TRUE(log.lines("no such value").empty());
}

// What the database refuses is halved until it stands alone, and holds up nothing else.
TEST(EngineOutage, ARefusedBatchIsHalvedUntilOneOutcomeStandsAlone) {
  Story story("a\nb\nc\nd\ne\nf\ng\nh");
  const TaskId task = story.submit();
  story.store.refuse_outcome_of({task, 3}, kRefused);
  const auto before = count(story.store.calls(), "complete");
  for (const char* step : {"a", "b", "c", "d", "e", "f", "g", "h"}) story.finish_silently(step);
  story.executor.run();
  EXPECT_EQ(count(story.store.calls(), "complete") - before, 7) << "8, 4 4, 2 2, 1 1";
  for (const char* step : {"a", "b", "d", "e", "f", "g", "h"}) EXPECT_EQ(story.state(step), "complete") << step;
  EXPECT_EQ(story.state("c"), "in_progress");
  story.advance(300s);
  EXPECT_LE(count(story.store.calls(), "complete") - before, 7 + 20) << "tried again seldom";
  story.store.allow_all();
  story.advance(31s);
  EXPECT_EQ(story.task_state(), "complete");
}

// The database takes another outcome of the same attempt: then it is not the database.
TEST(EngineOutage, AnOutcomeThatIsRefusedForGoodEndsItsStepAlone) {
  LogCapture log;
  Story story("a\nb\nc: a\nd: b");
  const TaskId task = story.submit();
  story.store.refuse_result_of({task, 1}, kRefused);
  story.finish_silently("a");
  story.finish("b");
  EXPECT_EQ(story.state("d"), "in_progress");
  EXPECT_NE(story.engine->trouble(), "");
  story.advance(10s);
  const auto row = story.step_row("a");
  EXPECT_EQ(model::state_text(row.state), "error");
  ASSERT_EQ(row.history.size(), 1u);
  EXPECT_EQ(row.history[0].outcome, model::OutcomeKind::fail);
  EXPECT_EQ(row.history[0].code, "database.error");
  EXPECT_NE(row.history[0].message.find("relation is gone"), std::string::npos) << row.history[0].message;
  EXPECT_EQ(log.lines("ends in error").size(), 1u);
  story.finish("d");
  EXPECT_EQ(story.task_state(), "error");
  story.advance(5s);
  const auto before = count(story.store.calls(), "complete");
  for (int i = 0; i < 60; ++i) {
    story.advance(1s);
    EXPECT_EQ(story.engine->trouble(), "");
  }
  EXPECT_EQ(count(story.store.calls(), "complete"), before);
}

TEST(EngineOutage, AStepWhoseInputsCannotBeReadFailsAndTheOthersRun) {
  LogCapture log;
  Story story("a", forgetful());
  story.store.fail_next("submit", kAway, true);  // their claims come back by a look, all at once, without inputs
  std::vector<engine::NewTask> tasks(5);
  for (auto& task : tasks) task.template_id = TemplateId{1};
  story.engine->submit(tasks, [](const auto&) {});
  story.executor.run();
  const TaskId bad = story.store.tasks().at(3);
  story.store.refuse_inputs_of({bad, 1}, kRefused);
  EXPECT_TRUE(story.eventually([&] { return story.running_count() == 4; }));
  EXPECT_EQ(count(story.store.calls(), "hand_back"), 0);
  story.advance(2s);
  EXPECT_EQ(story.task_state(bad), "error");
  const auto row = story.step_row("a", bad);
  ASSERT_EQ(row.history.size(), 1u);
  EXPECT_EQ(row.history[0].code, "database.error");
  EXPECT_NE(row.history[0].message.find("relation is gone"), std::string::npos) << row.history[0].message;
  EXPECT_EQ(count(story.store.calls(), "hand_back"), 0);
  EXPECT_LE(count(story.store.calls(), "load"), 20);
  story.advance(5s);
  EXPECT_EQ(story.engine->trouble(), "");
}

}  // namespace
}  // namespace tasker::test
