// The store's verbs on a real PostgreSQL, in the order a task goes through them.
#include <thread>

#include "support/pg_world.h"

namespace tasker::test {
namespace {

using model::OutcomeKind;

TEST(PgStore, RunsALinearTaskThroughChainedClaims) {
  PgWorld world;
  const auto linear = world.publish("linear", "a; b: a; c: b");
  const auto submitted = world.submit(linear.template_id);
  ASSERT_EQ(submitted.tasks.size(), 1u);
  ASSERT_EQ(submitted.claimed.size(), 1u);
  EXPECT_FALSE(submitted.queued);
  EXPECT_EQ(raw(submitted.tasks[0]), 64);

  auto answer = world.complete({finished(submitted.claimed[0])});
  ASSERT_EQ(answer.claimed.size(), 1u);
  EXPECT_EQ(answer.claimed[0].step.ord, 2);
  EXPECT_EQ(answer.claimed[0].attempt, 1);
  EXPECT_EQ(answer.claimed[0].retry_limit, 3);
  EXPECT_EQ(answer.claimed[0].plugin_id, linear.plugin_id);
  EXPECT_TRUE(answer.ended.empty());

  EXPECT_EQ(world.run_to_end(answer.claimed), 2);
  EXPECT_EQ(world.task_state(submitted.tasks[0]), "complete");
  EXPECT_EQ(world.settle(submitted.tasks[0]), 0);
  world.check_rows();
}

TEST(PgStore, QueuesWhatTheHostHasNoRoomForAndClaimsItLater) {
  PgWorld world;
  const auto wide = world.publish("wide", "a; b; c; d: a b c");
  const auto submitted = world.submit(wide.template_id, 1, 2);
  EXPECT_EQ(submitted.claimed.size(), 2u);
  EXPECT_TRUE(submitted.queued);
  world.check_rows();

  const auto peeked = *await<engine::PeekAnswer>([&](auto reply) { world.store().peek(world.plugins(), reply); });
  ASSERT_EQ(peeked.lanes, std::vector<Lane>{lane_of(submitted.tasks[0])});
  EXPECT_EQ(peeked.next_due.count(), -1);

  const auto claimed = world.claim(submitted.tasks[0]);
  ASSERT_EQ(claimed.size(), 1u);
  EXPECT_EQ(claimed[0].step.ord, 3);
  world.check_rows();
}

TEST(PgStore, RetriesWhenItIsDueAndTellsWhen) {
  PgWorld world;
  const auto one = world.publish("one", "a");
  const auto submitted = world.submit(one.template_id);
  auto failed = finished(submitted.claimed[0], OutcomeKind::retry, "");
  failed.delay = std::chrono::hours(1);
  failed.checkpoint = "{\"page\":7}";
  const auto answer = world.complete({failed});
  EXPECT_GT(answer.next_due, std::chrono::minutes(59));
  EXPECT_EQ(world.step_state(submitted.claimed[0].step), "waiting_for_retry");
  EXPECT_TRUE(world.claim(submitted.tasks[0]).empty());
  const auto peeked = *await<engine::PeekAnswer>([&](auto reply) { world.store().peek(world.plugins(), reply); });
  EXPECT_TRUE(peeked.lanes.empty());
  EXPECT_GT(peeked.next_due, std::chrono::minutes(59));
  world.check_rows();

  world.sql.exec("with s as (update tasker.step set run_at = now()) update tasker.delayed_step set run_at = now()");
  const auto claimed = world.claim(submitted.tasks[0]);
  ASSERT_EQ(claimed.size(), 1u);
  EXPECT_EQ(claimed[0].attempt, 2);
  EXPECT_EQ(claimed[0].claim_no, 2);
  const auto inputs = *await<std::vector<engine::StepInputs>>(
      [&](auto reply) { world.store().load({claimed[0].step}, reply); });
  ASSERT_EQ(inputs.size(), 1u);
  EXPECT_EQ(inputs[0].checkpoint, "{\"page\": 7}");
}

TEST(PgStore, LoadsContextAndParentsResults) {
  PgWorld world;
  const auto diamond = world.publish("diamond", "a; b: a; c: a; d: b c");
  engine::SubmitRequest request{world.host(), std::vector<engine::NewTask>(1), 1, world.plugins()};
  request.tasks[0] = {diamond.template_id, R"({"text":"a \"b\" \\ ü","n":12345678901234567890123})",
                      "me", "test", "why", R"(["x"])", "corr-1", "", 3};
  const auto submitted = *await<engine::SubmitAnswer>([&](auto reply) { world.store().submit(request, reply); });
  auto answer = world.complete({finished(submitted.claimed.at(0), OutcomeKind::ok, R"({"q":"\"{},\\"})")});
  ASSERT_EQ(answer.claimed.size(), 2u);
  answer = world.complete({finished(answer.claimed[0], OutcomeKind::ok, "[1,null]"),
                           finished(answer.claimed[1], OutcomeKind::ok, "")});
  ASSERT_EQ(answer.claimed.size(), 1u);
  const StepKey unknown{static_cast<TaskId>(999), 1};
  const StepKey second{submitted.tasks[0], 2};
  const auto inputs = *await<std::vector<engine::StepInputs>>(
      [&](auto reply) { world.store().load({answer.claimed[0].step, unknown, second}, reply); });
  ASSERT_EQ(inputs.size(), 2u);
  EXPECT_EQ(inputs[0].context, R"({"n": 12345678901234567890123, "text": "a \"b\" \\ ü"})");
  EXPECT_EQ(inputs[0].correlation_id, "corr-1");
  const std::vector<std::pair<Ord, std::string>> both = {{2, "[1, null]"}, {3, "null"}};
  EXPECT_EQ(inputs[0].parent_results, both);
  EXPECT_EQ(inputs[1].parent_results.at(0).second, R"({"q": "\"{},\\"})");
}

TEST(PgStore, WritesEventsWithTheOutcome) {
  PgWorld world;
  const auto one = world.publish("one", "a");
  const auto submitted = world.submit(one.template_id);
  auto attempt = finished(submitted.claimed[0]);
  attempt.events = R"([{"name":"paid","payload":{"n":1}},{"name":"sent","payload":null}])";
  world.complete({attempt});
  EXPECT_EQ(world.sql.value("select string_agg(data ->> 'name', ' ' order by journal_id) from tasker.journal"
                            " where kind = 'event' and task_id = 64 and ord = 1"), "paid sent");
  world.complete({attempt});
  EXPECT_EQ(world.sql.value("select count(*) from tasker.journal where kind = 'event'"), "2");
}

TEST(PgStore, GivesClaimsBackUnspent) {
  PgWorld world;
  const auto one = world.publish("one", "a");
  const auto submitted = world.submit(one.template_id, 20);
  std::vector<Fence> fences;
  for (const auto& step : submitted.claimed) fences.push_back({step.step, step.claim_no});
  EXPECT_EQ(*await<int>([&](auto reply) { world.store().hand_back(world.host(), fences, reply); }), 20);
  EXPECT_EQ(*await<int>([&](auto reply) { world.store().hand_back(world.host(), fences, reply); }), 0);
  EXPECT_EQ(world.sql.value("select count(*) from tasker.attempt"), "0");
  world.check_rows();
  const auto claimed = world.claim(submitted.tasks[0]);
  ASSERT_EQ(claimed.size(), 2u);
  EXPECT_EQ(claimed[0].attempt, 1);
  EXPECT_EQ(claimed[0].claim_no, 2);
}

TEST(PgStore, TellsWhatAHostHolds) {
  PgWorld world;
  const auto one = world.publish("one", "a; b");
  const auto submitted = world.submit(one.template_id, 2);
  auto held = *await<std::vector<engine::ClaimedStep>>([&](auto reply) { world.store().held(world.host(), reply); });
  EXPECT_EQ(held.size(), 4u);
  world.complete({finished(submitted.claimed[0])});
  held = *await<std::vector<engine::ClaimedStep>>([&](auto reply) { world.store().held(world.host(), reply); });
  EXPECT_EQ(held.size(), 3u);
}

TEST(PgStore, ALaterStartWaitsAmongTheDelayed) {
  PgWorld world;
  const auto one = world.publish("one", "a");
  engine::SubmitRequest request{world.host(), std::vector<engine::NewTask>(2), 10, world.plugins()};
  request.tasks[0].template_id = request.tasks[1].template_id = one.template_id;
  request.tasks[1].start_at = "2999-01-01T00:00:00Z";
  const auto submitted = *await<engine::SubmitAnswer>([&](auto reply) { world.store().submit(request, reply); });
  EXPECT_EQ(submitted.claimed.size(), 1u);
  EXPECT_EQ(world.sql.value("select count(*) from tasker.delayed_step"), "1");
  world.check_rows();
}

TEST(PgStore, AStartInAFarCenturyIsNoReasonToLookSooner) {
  PgWorld world;
  const auto one = world.publish("one", "a");
  engine::NewTask task;
  task.template_id = one.template_id;
  task.start_at = "9999-12-31T23:59:59Z";
  *await<engine::SubmitAnswer>([&](auto reply) { world.store().submit({world.host(), {task}, 5, world.plugins()}, reply); });
  const auto peeked = *await<engine::PeekAnswer>([&](auto reply) { world.store().peek(world.plugins(), reply); });
  EXPECT_EQ(peeked.next_due, engine::Millis(std::chrono::hours(24))) << "what a steady clock can be moved by";
}

TEST(PgStore, AnswersWhatWaitsWhenItStops) {
  PgWorld world;
  SqlClient other(world.db.conninfo());
  const auto one = world.publish("one", "a");
  const auto submitted = world.submit(one.template_id);
  other.exec("begin; select from tasker.step for update");
  auto request = std::make_shared<engine::CompleteRequest>();
  request->host = world.host();
  request->attempts = {finished(submitted.claimed[0])};
  request->plugins = world.plugins();
  Awaited<engine::CompleteAnswer> first, second;
  world.store().complete(request, first.reply());
  world.store().complete(request, second.reply());
  world.sql.wait_for("select count(*) from pg_stat_activity where datname = current_database()"
                     " and wait_event_type = 'Lock'", "1");
  std::thread stopping([&] { world.store().stop(); });
  other.exec("commit");
  EXPECT_TRUE(first.get());  // it was on its way
  const auto answered = second.get();
  EXPECT_TRUE(answered.has_value() || answered.error().code == Code::stopping);
  stopping.join();
  Awaited<int> late;
  world.store().leave(world.host(), late.reply());
  EXPECT_EQ(late.get().error().code, Code::overloaded);
}

TEST(PgStore, ReconnectsAfterItsConnectionsWereKilled) {
  PgWorld world;
  const auto one = world.publish("one", "a");
  world.sql.exec("select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'tasker'"
                 " and datname = current_database()");
  const auto ping = [&] { return await<engine::PeekAnswer>([&](auto reply) { world.store().peek(world.plugins(), reply); }); };
  const auto lost = ping();
  ASSERT_FALSE(lost);
  EXPECT_EQ(lost.error().code, Code::database_unavailable);
  EXPECT_EQ(lost.error().retry, Retry::later);
  EXPECT_TRUE(ping());
  // Submitting repeats itself with the same ids: nobody else knows them.
  EXPECT_EQ(world.submit(one.template_id).tasks.size(), 1u);
  EXPECT_GE(world.store().counters().broken.load(), 2u);
}

}  // namespace
}  // namespace tasker::test
