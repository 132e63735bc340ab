// One row that the database refuses, or that somebody holds, must not stop the others of its batch.
#include "support/pg_world.h"

namespace tasker::test {
namespace {

using model::OutcomeKind;

std::vector<engine::FinishedAttempt> whole_lane(PgWorld& world, TemplateId id, Lane lane) {
  std::vector<engine::FinishedAttempt> batch;
  for (const auto& step : world.submit(id, 16 * 8).claimed) {
    if (lane_of(step.step.task) == lane) batch.push_back(finished(step));
  }
  return batch;
}

TEST(BadRow, ABadRowAloneFails) {
  // What passes a JSON parser and is refused by jsonb, a text column, or the array's syntax.
  const std::string bad_payloads[] = {R"({"x":"\u0000"})", "1e400000", "{\"x\":", "{\"x\":\"\xff\"}", std::string("{\"x\":\"\0\"}", 9)};
  for (const std::string& payload : bad_payloads) {
    PgWorld world;
    const auto linear = world.publish("linear", "a; b: a");
    auto batch = whole_lane(world, linear.template_id, 3);
    ASSERT_EQ(batch.size(), 8u);
    batch[5].payload = payload;
    const auto answer = world.try_complete(batch);
    ASSERT_TRUE(answer) << payload << ": " << answer.error().message;
    EXPECT_EQ(answer->claimed.size(), 7u) << payload;
    EXPECT_EQ(answer->ended.size(), 1u);
    const StepKey bad = batch[5].fence.step;
    EXPECT_EQ(world.step_state(bad), "error");
    EXPECT_EQ(world.sql.value("select error_code from tasker.attempt where outcome = 'fail'"), "plugin.bad_result");
    EXPECT_NE(world.sql.value("select message from tasker.attempt where outcome = 'fail'"), "");
    EXPECT_EQ(world.sql.value("select count(*) from tasker.attempt where outcome = 'ok'"), "7");
    EXPECT_EQ(world.store().counters().bad_rows.load(), 1u);
    world.check_rows();
  }
}

TEST(BadRow, BadEventsAndCheckpointsCountAsBadResults) {
  PgWorld world;
  const auto one = world.publish("one", "a");
  auto batch = whole_lane(world, one.template_id, 1);
  batch[0].events = R"([{"name":"x","payload":"\u0000"}])";
  batch[1].kind = OutcomeKind::retry;
  batch[1].checkpoint = "nonsense";
  batch[2].events = "{}";
  const auto answer = world.complete(batch);
  EXPECT_EQ(answer.ended.size(), 8u);
  EXPECT_EQ(world.sql.value("select count(*) from tasker.attempt where error_code = 'plugin.bad_result'"), "3");
  EXPECT_EQ(world.sql.value("select count(*) from tasker.journal where kind = 'event'"), "0");
}

TEST(BadRow, MessagesThatNoTextColumnHoldsAreMended) {
  PgWorld world;
  const auto one = world.publish("one", "a");
  auto attempt = finished(world.submit(one.template_id).claimed[0], OutcomeKind::fail, "");
  attempt.message = std::string("a\0b\xff", 4) + "\"\\{},ü";
  world.complete({attempt});
  EXPECT_EQ(world.sql.value("select message from tasker.attempt"), "a\uFFFDb\uFFFD\"\\{},ü");
}

TEST(BadRow, ALockedRowIsTriedAloneAndTheOthersAreWritten) {
  store::PgStore::Options options;
  options.settings.lock_timeout = std::chrono::milliseconds(300);
  PgWorld world(options);
  const auto one = world.publish("one", "a");
  auto batch = whole_lane(world, one.template_id, 2);
  SqlClient holder(world.db.conninfo());
  holder.exec("begin; select from tasker.step where task_id = " + text_of(batch[4].fence.step.task) + " for update");
  const auto refused = world.try_complete(batch);
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::database_locked);
  EXPECT_EQ(refused.error().retry, Retry::later);
  EXPECT_EQ(world.sql.value("select count(*) from tasker.attempt"), "7") << "all but the locked one are written";
  holder.exec("commit");
  const auto answer = world.complete(batch);
  EXPECT_EQ(answer.ended.size(), 8u) << "repeated, the call answers for all";
  EXPECT_TRUE(answer.stale.empty());
  EXPECT_EQ(world.sql.value("select count(*) from tasker.attempt"), "8");
}

TEST(BadRow, ALockedRowThatIsFreeInTimeIsWrittenAsItWas) {
  store::PgStore::Options options;
  options.settings.lock_timeout = std::chrono::seconds(3);
  PgWorld world(options);
  const auto one = world.publish("one", "a");
  auto request = std::make_shared<engine::CompleteRequest>();
  *request = {world.host(), whole_lane(world, one.template_id, 2), 0, world.plugins()};
  SqlClient holder(world.db.conninfo());
  holder.exec("begin; select from tasker.step where task_id = " + text_of(request->attempts[4].fence.step.task) + " for update");
  Awaited<engine::CompleteAnswer> answer;
  world.store().complete(request, answer.reply());
  // The pieces wait a moment only, so the others are soon written; then it is tried alone, with the whole patience again.
  world.sql.wait_for("select count(*) from tasker.attempt", "7");
  world.sql.wait_for("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'"
                     " and clock_timestamp() - query_start > interval '500 ms'", "1");
  holder.exec("commit");
  const auto written = answer.get();
  ASSERT_TRUE(written) << written.error().message;
  EXPECT_EQ(written->ended.size(), 8u);
  EXPECT_EQ(world.sql.value("select count(*) from tasker.attempt where outcome = 'ok'"), "8");
}

// Requests for inputs share a query; one that meets a row that cannot be read must not fail those beside it.
TEST(BadRow, InputsThatCannotBeReadFailTheirOwnRequestOnly) {
  PgWorld world;
  const auto one = world.publish("one", "a");
  const auto tasks = world.submit(one.template_id, 5).tasks;
  world.sql.exec(
      "alter function tasker.step_inputs_v2(bigint[], int[]) rename to step_inputs_of_all;"
      "create function tasker.step_inputs_v2(p_tasks bigint[], p_ords int[]) returns table (task_id bigint, ord int, template_id int,"
      " revision int, context jsonb, correlation_id text, parent_ords int[], parent_results text[], checkpoint jsonb, traceparent text)"
      " language plpgsql as $$ begin"
      " perform pg_advisory_xact_lock_shared(7);"
      " if " + text_of(tasks[2]) + " = any (p_tasks) then raise exception using errcode = 'XX001', message = 'a page is damaged'; end if;"
      " return query select * from tasker.step_inputs_of_all(p_tasks, p_ords); end $$");
  world.sql.exec("select pg_advisory_lock(7)");
  std::vector<Awaited<std::vector<engine::StepInputs>>> loads(tasks.size());
  world.store().load({{tasks[0], 1}}, loads[0].reply());
  SqlClient looks(world.db.conninfo());
  looks.wait_for("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'", "1");
  for (std::size_t i = 1; i < tasks.size(); ++i) world.store().load({{tasks[i], 1}}, loads[i].reply());
  world.sql.exec("select pg_advisory_unlock(7)");
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const auto inputs = loads[i].get();
    EXPECT_EQ(inputs.has_value(), i != 2) << i;
    if (i == 2) {
      EXPECT_EQ(inputs.error().code, Code::database_error);
    }
  }
  EXPECT_TRUE(await<std::vector<engine::StepInputs>>([&](auto reply) { world.store().load({}, reply); })->empty());
}

TEST(BadRow, BulkSubmitNamesTheIndexAndCreatesNone) {
  PgWorld world;
  const auto one = world.publish("one", "a");
  engine::SubmitRequest request{world.host(), std::vector<engine::NewTask>(5), 10, world.plugins()};
  for (auto& task : request.tasks) task.template_id = one.template_id;
  request.tasks[3].context = R"({"name":"\u0000"})";
  const auto answer = await<engine::SubmitAnswer>([&](auto reply) { world.store().submit(request, reply); });
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::database_bad_value);
  EXPECT_NE(answer.error().message.find("tasks[3]"), std::string::npos) << answer.error().message;
  EXPECT_EQ(world.sql.value("select count(*) from tasker.task"), "0");
  // The ids were not used, so the next submit has them.
  EXPECT_EQ(raw(world.submit_one(one.template_id)), 64);
}

}  // namespace
}  // namespace tasker::test
