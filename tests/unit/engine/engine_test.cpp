// The engine as stories on the in-memory store: what runs when, and what happens when the database does not answer.
#include "support/story.h"

namespace tasker::test {
namespace {

using namespace std::chrono_literals;
using engine::AttemptOutcome;
using model::OutcomeKind;
using Names = std::vector<std::string>;

AttemptOutcome retry(std::chrono::milliseconds after = -1ms) {
  AttemptOutcome outcome;
  outcome.kind = OutcomeKind::retry;
  outcome.code = "test.again";
  outcome.retry_after = after;
  return outcome;
}

AttemptOutcome fail() {
  AttemptOutcome outcome;
  outcome.kind = OutcomeKind::fail;
  outcome.code = "test.failed";
  return outcome;
}

long count(const std::vector<std::string>& calls, const std::string& verb) {
  return std::count(calls.begin(), calls.end(), verb);
}

constexpr const char* kDiamond = R"(
  start
  left: start
  right: start
  end: left right)";

TEST(Engine, RunsADiamondInOrder) {
  Story story(kDiamond);
  story.submit();
  EXPECT_EQ(story.running(), Names{"start"});
  story.finish("start");
  EXPECT_EQ(story.running(), (Names{"left", "right"}));
  story.finish("right");
  EXPECT_EQ(story.running(), Names{"left"});
  story.finish("left");
  EXPECT_EQ(story.running(), Names{"end"});
  story.finish("end");
  EXPECT_EQ(story.task_state(), "complete");
}

TEST(Engine, HandsParentsResultsToTheChildFromMemory) {
  Story story(kDiamond);
  story.submit(1, R"({"order_id":12345678901234567890123})");
  story.finish("start", R"({"big":12345678901234567890123})");
  EXPECT_EQ(story.input("left").inputs, R"({"start":{"big":12345678901234567890123}})");
  story.finish("left", "1");
  story.finish("right", "2");
  EXPECT_EQ(story.input("end").inputs, R"({"left":1,"right":2})");
  EXPECT_EQ(*story.input("end").context, R"({"order_id":12345678901234567890123})");
  EXPECT_EQ(count(story.store.calls(), "load"), 0);
}

TEST(Engine, LoadsInputsOnceTheWorkingSetForgot) {
  engine::EngineOptions options;
  options.working_set_bytes = 1;  // keeps a single task
  Story story("a\nb: a", options);
  const TaskId first = story.submit();
  story.submit();
  story.finish("a", "7", first);
  EXPECT_EQ(story.input("b", first).inputs, R"({"a":7})");
  EXPECT_GE(count(story.store.calls(), "load"), 1);
}

TEST(Engine, NeverPollsBetweenTheStepsOfALine) {
  Story story("a\nb: a\nc: b");
  const auto before = count(story.store.calls(), "peek");
  story.submit();
  story.finish("a");
  story.finish("b");
  story.finish("c");
  EXPECT_EQ(story.task_state(), "complete");
  EXPECT_EQ(count(story.store.calls(), "claim"), 0);
  EXPECT_EQ(count(story.store.calls(), "peek"), before);
}

TEST(Engine, RetriesWhenTheDelayIsOverAndNotBefore) {
  Story story("a");
  story.submit();
  story.end("a", retry(5s));
  EXPECT_EQ(story.state("a"), "waiting_for_retry");
  story.advance(4'900ms);
  EXPECT_EQ(story.running(), Names{});
  story.advance(200ms);
  EXPECT_EQ(story.running(), Names{"a"});
  EXPECT_EQ(story.input("a").attempt, 2);
  story.finish("a");
  EXPECT_EQ(story.task_state(), "complete");
}

TEST(Engine, BacksOffByThePolicyWhenTheHandlerNamesNoDelay) {
  Story story("a");
  story.submit();
  story.end("a", retry());
  story.advance(900ms);
  EXPECT_EQ(story.running(), Names{});
  story.advance(200ms);
  EXPECT_EQ(story.running(), Names{"a"});
  story.end("a", retry());
  story.advance(1'900ms);
  EXPECT_EQ(story.running(), Names{});
  story.advance(200ms);
  EXPECT_EQ(story.running(), Names{"a"});
}

TEST(Engine, EndsATaskInErrorOnlyWhenNothingOfItMoves) {
  Story story("a!\nb");
  story.submit();
  story.end("a", retry());
  EXPECT_EQ(story.state("a"), "error");
  EXPECT_EQ(story.task_state(), "in_progress");
  story.finish("b");
  EXPECT_EQ(story.task_state(), "error");
}

TEST(Engine, FailsForGoodWithoutAnotherAttempt) {
  Story story("a\nb: a");
  story.submit();
  story.end("a", fail());
  EXPECT_EQ(story.state("a"), "error");
  EXPECT_EQ(story.state("b"), "pending");
  EXPECT_EQ(story.task_state(), "error");
}

TEST(Engine, WaitSpendsNoAttempt) {
  Story story("a!");
  story.submit();
  AttemptOutcome wait;
  wait.kind = OutcomeKind::wait;
  wait.retry_after = 1s;
  for (int i = 0; i < 4; ++i) {
    story.end("a", wait);
    story.advance(1'100ms);
    EXPECT_EQ(story.input("a").attempt, 1);
  }
  story.finish("a");
  EXPECT_EQ(story.task_state(), "complete");
}

TEST(Engine, HandsTheCheckpointToTheNextAttempt) {
  Story story("a");
  story.submit();
  AttemptOutcome outcome = retry(1s);
  outcome.checkpoint = R"({"row":7})";
  story.end("a", outcome);
  story.advance(1'100ms);
  EXPECT_EQ(story.input("a").checkpoint, R"({"row":7})");
}

TEST(Engine, GivesTheSameIdempotencyKeyToEveryAttempt) {
  Story story("a\nb: a");
  story.submit();
  const std::string key = story.input("a").idempotency_key;
  story.end("a", retry(1s));
  story.advance(1'100ms);
  EXPECT_EQ(story.input("a").idempotency_key, key);
  story.finish("a");
  EXPECT_NE(story.input("b").idempotency_key, key);
}

TEST(Engine, StartsNothingOfATaskThatWasCancelledMeanwhile) {
  Story story("a\nb: a");
  const TaskId task = story.submit();
  story.store.cancel(task);
  story.finish("a");
  EXPECT_EQ(story.running(), Names{});
  EXPECT_EQ(story.state("b"), "cancelled");
  EXPECT_EQ(story.task_state(), "cancelled");
}

TEST(Engine, GoesOnWithAPausedTaskOnlyAfterItWasResumed) {
  Story story("a\nb: a");
  const TaskId task = story.submit();
  story.store.set_paused(task, true);
  story.finish("a");
  story.advance(5s);
  EXPECT_EQ(story.running(), Names{});
  story.store.set_paused(task, false);
  story.advance(1s);
  EXPECT_EQ(story.running(), Names{"b"});
}

TEST(Engine, HoldsNoMoreThanItsRoomAndTakesTheRestFromTheQueue) {
  engine::EngineOptions options;
  options.workers = 4;
  Story story("a", options);
  story.submit(50);
  EXPECT_LE(story.engine->stats().in_flight.load(), 8);  // four running, as many prefetched
  for (int i = 0; i < 50; ++i) {
    ASSERT_GE(story.running_count(), 1u) << "after " << i;
    story.finish("a");
    story.advance(500ms);
  }
  for (const TaskId id : story.store.tasks()) EXPECT_EQ(story.task_state(id), "complete");
}

TEST(Engine, HandsBackWhatNoThreadHasEntered) {
  engine::EngineOptions options;
  options.workers = 1;
  Story story("a\nb\nc", options);
  story.submit(1);
  story.finish("a");  // the rate rises, and with it the prefetch
  story.submit(20);
  story.advance(10s);  // one handler runs on and on
  EXPECT_EQ(story.running_count(), 1u);
  EXPECT_LE(story.engine->stats().in_flight.load(), 2);
}

// ---- the database does not answer

const Error kAway{Code::database_unavailable, "the database is away", Retry::later};

TEST(EngineFaults, RepeatsACompletionWhoseCallWasLost) {
  Story story("a\nb: a");
  story.submit();
  story.store.fail_next("complete", kAway, false);
  story.finish("a");
  EXPECT_EQ(story.running(), Names{});
  story.advance(1s);
  EXPECT_EQ(story.running(), Names{"b"});
}

TEST(EngineFaults, RunsAChildOnceWhenTheAnswerToItsClaimWasLost) {
  Story story("a\nb: a");
  story.submit();
  story.store.fail_next("complete", kAway, true);
  story.finish("a");
  story.advance(1s);
  EXPECT_EQ(story.running(), Names{"b"});
  story.advance(60s);
  EXPECT_EQ(story.running(), Names{"b"});
  story.finish("b");
  EXPECT_EQ(story.task_state(), "complete");
}

TEST(EngineFaults, TellsTheCallerThatASubmissionWasNotAnswered) {
  Story story("a");
  story.store.fail_next("submit", kAway, false);
  std::optional<Code> code;
  engine::NewTask task;
  task.template_id = TemplateId{1};
  story.engine->submit({task}, [&](Result<std::vector<TaskId>> ids) { code = ids.error().code; });
  story.executor.run();
  EXPECT_EQ(code, Code::database_unavailable);
}

TEST(EngineSubmits, RequestsWithKeysShareACallAndEachGetsItsOwnAnswer) {
  Story story("a");
  std::map<std::string, Result<engine::CreatedTasks>> answers;
  const auto submit = [&](const std::string& name, const std::string& key, const std::string& digest = "00") {
    engine::NewTask task;
    task.template_id = TemplateId{1};
    story.engine->submit({task}, engine::IdempotencyKey{key, digest, 1h}, [&answers, name](Result<engine::CreatedTasks> answer) {
      answers.insert_or_assign(name, std::move(answer));
    });
  };
  const auto calls = [&] { return std::ranges::count(story.store.calls(), "submit"); };
  story.store.hold_next("submit");
  submit("first", "k");
  story.executor.run();
  for (int i = 0; i < 200; ++i) submit("new" + std::to_string(i), "n" + std::to_string(i));
  submit("again", "k");
  submit("other", "k", "01");
  submit("without", "");
  story.store.release();
  story.executor.run();
  EXPECT_EQ(calls(), 3) << "the first, those with keys, and the one without";
  ASSERT_EQ(answers.size(), 204u);
  EXPECT_TRUE(answers.at("again")->replayed);
  EXPECT_EQ(answers.at("again")->tasks, answers.at("first")->tasks);
  EXPECT_EQ(answers.at("other").error().code, Code::idempotency_key_reused);
  EXPECT_FALSE(answers.at("new199")->replayed);
  EXPECT_FALSE(answers.at("without")->replayed);
  EXPECT_EQ(story.engine->trouble(), "");
  EXPECT_EQ(story.store.tasks().size(), 202u);
}

TEST(EngineSubmits, OneBadValueAmongRequestsWithKeysFailsNoOther) {
  Story story("a");
  int created = 0;
  const auto submit = [&](const char* key) {
    engine::NewTask task;
    task.template_id = TemplateId{1};
    story.engine->submit({task}, engine::IdempotencyKey{key, "00", 1h},
                         [&](const Result<engine::CreatedTasks>& answer) { created += answer.has_value() ? 1 : 0; });
  };
  story.store.hold_next("submit");
  submit("first");
  story.executor.run();
  for (const char* key : {"a", "b", "c"}) submit(key);
  story.store.fail_next("submit", make_error(Code::database_bad_value, "what no database can hold"), false);
  story.store.release();
  story.executor.run();
  EXPECT_EQ(created, 4) << "the three were refused together and then sent one by one";
  EXPECT_EQ(story.engine->trouble(), "");
}

TEST(EngineSubmits, OneLockedKeyAmongManyFailsNoOther) {
  Story story("a");
  std::map<std::string, Result<engine::CreatedTasks>> answers;
  const auto submit = [&](const std::string& key) {
    engine::NewTask task;
    task.template_id = TemplateId{1};
    story.engine->submit({task}, engine::IdempotencyKey{key, "00", 1h},
                         [&answers, key](Result<engine::CreatedTasks> answer) { answers.insert_or_assign(key, std::move(answer)); });
  };
  const auto calls = [&] { return std::ranges::count(story.store.calls(), "submit"); };
  story.store.hold_next("submit");
  submit("first");
  story.executor.run();
  story.store.lock_key("held");
  for (int i = 0; i < 99; ++i) submit(i == 50 ? "held" : "n" + std::to_string(i));
  story.store.release();
  story.executor.run();
  ASSERT_EQ(answers.size(), 100u);
  for (const auto& [key, answer] : answers) EXPECT_EQ(answer.has_value(), key != "held") << key;
  EXPECT_EQ(answers.at("held").error().code, Code::database_locked);
  EXPECT_LE(calls(), 17) << "halves: not a call for each";
}

TEST(EngineFaults, DropsItsWorkAndRegistersAnewWhenDeclaredDead) {
  Story story("a\nb: a");
  story.submit();
  const HostId first = story.host;
  story.store.declare_dead(first);
  story.finish("a");  // refused; the next life takes over from the one before
  ASSERT_TRUE(story.eventually([&] { return story.running() == Names{"a"} && story.host != first; }));
  EXPECT_GT(story.input("a").fence.claim_no, 1);
  EXPECT_EQ(story.engine->trouble(), "") << "the new life is ready to work";
  story.finish("a");
  story.finish("b");
  EXPECT_EQ(story.task_state(), "complete");
}

TEST(EngineFaults, DiesOnceWhenACompletionWasWhatToldItSo) {
  Story story("a\nb: a");
  story.submit();
  const HostId first = story.host;
  story.store.declare_dead(first);
  story.finish("a");
  ASSERT_TRUE(story.eventually([&] { return story.host != first; }));
  const HostId second = story.host;
  story.advance(10s);  // the refused call must not be repeated in the name of the dead
  EXPECT_EQ(story.host, second);
}

TEST(EngineFaults, WritesSubmissionsThatWaitedInTheNextLife) {
  Story story("a");
  story.store.declare_dead(story.host);
  std::vector<std::optional<bool>> created(3);
  for (auto& each : created) {
    engine::NewTask task;
    task.template_id = TemplateId{1};
    story.engine->submit({task}, [&each](const Result<std::vector<TaskId>>& ids) { each = ids.has_value(); });
  }
  ASSERT_TRUE(story.eventually([&] { return created[0] && created[1] && created[2]; }));
  EXPECT_EQ(created[1], true);
  EXPECT_EQ(created[2], true);
}

TEST(EngineFaults, LetsOtherWorkPassABatchThatTheDatabaseRefusesForEver) {
  engine::EngineOptions options;
  options.max_batch = 1;
  Story story("a\nb\nc\nd\ne", options);
  story.submit();
  const Error refused{Code::database_error, "refused", Retry::never};
  for (int i = 0; i < 3; ++i) story.store.fail_next("complete", refused, false);
  for (const char* step : {"a", "b", "c"}) story.finish(step);  // all of one lane, hence of one writer
  for (const char* step : {"d", "e"}) story.finish(step);
  EXPECT_EQ(story.state("d"), "complete");
  EXPECT_EQ(story.state("e"), "complete");
  story.advance(10s);
  EXPECT_EQ(story.task_state(), "complete");
}

}  // namespace
}  // namespace tasker::test
