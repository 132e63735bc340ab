// Queues that work for other plugins never blocks, dense ids in blocks, partitions made ahead, and names of functions.
#include <gmock/gmock.h>

#include <algorithm>
#include <set>

#include "store/id_blocks.h"
#include "store/sql_text.h"
#include "support/manual_clock.h"
#include "support/pg_world.h"

namespace tasker::test {
namespace {

TEST(Queue, WorkForAPluginThatIsNotLoadedStandsInNobodysWay) {
  PgWorld world;
  const auto mine = world.publish("mine", "a");
  const auto lacking = world.publish("lacking", "a");
  world.submit(lacking.template_id, 800, 0);
  world.sql.exec("insert into tasker.ready_step select l, " + std::to_string(raw(lacking.plugin_id)) +
                 ", 0, '2020-01-01'::timestamptz + i * interval '1 ms', 100000 + i * 16 + l, 1"
                 " from generate_series(0, 15) l, generate_series(1, 2000) i");
  const TaskId task = world.submit_one(mine.template_id, 0);
  const auto only_mine = std::make_shared<std::vector<PluginId>>(std::vector{mine.plugin_id});
  const auto peeked = *await<engine::PeekAnswer>([&](auto reply) { world.store().peek(only_mine, reply); });
  EXPECT_EQ(peeked.lanes, std::vector<Lane>{lane_of(task)});
  const engine::ClaimRequest claim{world.host(), lane_of(task), 5, only_mine};
  const auto claimed = *await<std::vector<engine::ClaimedStep>>([&](auto reply) { world.store().claim(claim, reply); });
  ASSERT_EQ(claimed.size(), 1u);
  EXPECT_EQ(claimed[0].step.task, task);

  // Not by luck: a second claim, of one row behind those two thousand, reads a handful of rows.
  const std::string lane = std::to_string(lane_of(task));
  world.sql.exec("insert into tasker.ready_step select " + lane + ", " + std::to_string(raw(mine.plugin_id)) +
                 ", 5, '2020-01-01', 200000 + " + lane + ", 1");
  world.sql.exec("select pg_stat_reset()");
  world.sql.exec("set jit = off; set plan_cache_mode = force_generic_plan");
  world.sql.exec("select * from tasker.claim_steps(1, " + lane + "::smallint, '{" +
                 std::to_string(raw(mine.plugin_id)) + "}', 5, clock_timestamp())");
  world.sql.exec("select pg_stat_force_next_flush()");
  EXPECT_LT(std::stoi(world.sql.value("select coalesce(sum(seq_tup_read + idx_tup_fetch), 0)::bigint from pg_stat_user_tables"
                                      " where relname = 'ready_step'")), 20);
}

TEST(Queue, FutureWorkWaitsAmongTheDelayedAndMovesWhenItIsDue) {
  PgWorld world;
  const auto one = world.publish("one", "a");
  auto attempt = finished(world.submit(one.template_id).claimed[0], model::OutcomeKind::retry, "");
  attempt.delay = std::chrono::minutes(5);
  world.complete({attempt});
  EXPECT_EQ(world.sql.value("select (select count(*) from tasker.ready_step) || ' ' ||"
                            " (select count(*) from tasker.delayed_step)"), "0 1");
  world.check_rows();
  EXPECT_EQ(world.sql.value("select count(*) from tasker.claim_steps(1, 0::smallint, '{1}', 5, clock_timestamp())"), "0");
  EXPECT_EQ(world.sql.value("select count(*) from tasker.delayed_step"), "1") << "a claim before its time leaves it there";
  const std::string later = "clock_timestamp() + interval '6 minutes'";
  EXPECT_EQ(world.sql.value("select count(*) from tasker.claim_steps(1, 0::smallint, '{}', 5, " + later + ")"), "0");
  EXPECT_EQ(world.sql.value("select (select count(*) from tasker.ready_step) || ' ' ||"
                            " (select count(*) from tasker.delayed_step)"), "1 0") << "moved, for whoever has the plugin";
  world.check_rows();
  EXPECT_EQ(world.sql.value("select attempt from tasker.claim_steps(1, 0::smallint, '{1}', 5, " + later + ")"), "2");
  world.check_rows();
}

TEST(Queue, TheQueueIsServedByPriorityThenTime) {
  PgWorld world;
  const auto one = world.publish("one", "a");
  engine::SubmitRequest request{world.host(), std::vector<engine::NewTask>(33), 0, world.plugins()};
  for (auto& task : request.tasks) task.template_id = one.template_id;
  request.tasks[16].priority = 9;
  request.tasks[32].priority = 1;
  *await<engine::SubmitAnswer>([&](auto reply) { world.store().submit(request, reply); });
  std::vector<std::int64_t> order;
  for (int i = 0; i < 3; ++i) order.push_back(raw(world.claim(static_cast<TaskId>(64), 1).at(0).step.task));
  EXPECT_EQ(order, (std::vector<std::int64_t>{96, 64, 80}));
}

TEST(TaskIds, IdsAreDenseAscendingAndTakenInOneCall) {
  ManualClock clock;
  store::IdBlocks ids(clock);
  int calls = 0;
  std::int64_t block = 10;
  const auto take = [&](int count) -> Result<std::vector<std::int64_t>> {
    ++calls;
    std::vector<std::int64_t> blocks;
    for (int i = 0; i < count; ++i) blocks.push_back(block++);
    return blocks;
  };
  const auto first = *ids.take(3, take);
  EXPECT_EQ(raw(first[0]), 640);
  EXPECT_EQ(raw(first[2]), 642);
  const auto bulk = *ids.take(200, take);
  EXPECT_EQ(calls, 2);
  for (std::size_t i = 0; i < bulk.size(); ++i) EXPECT_EQ(raw(bulk[i]), 643 + static_cast<std::int64_t>(i));
  EXPECT_EQ(ids.available(), 256u - 203u);
  ids.give_back(bulk);
  EXPECT_EQ(*ids.take(200, take), bulk);
  EXPECT_EQ(calls, 2);
}

TEST(TaskIds, AscendHoweverTheBlocksCame) {
  ManualClock clock;
  store::IdBlocks ids(clock);
  const auto take = [](int) -> Result<std::vector<std::int64_t>> { return std::vector<std::int64_t>{12, 10}; };
  const auto taken = *ids.take(100, take);
  EXPECT_TRUE(std::is_sorted(taken.begin(), taken.end()));
  EXPECT_EQ(raw(taken.front()), 640);
}

TEST(TaskIds, BlocksUnusedForAMinuteAreDropped) {
  ManualClock clock;
  store::IdBlocks ids(clock);
  std::int64_t block = 1;
  const auto take = [&](int) -> Result<std::vector<std::int64_t>> { return std::vector<std::int64_t>{block++}; };
  EXPECT_EQ(raw((*ids.take(1, take))[0]), 64);
  clock.advance(std::chrono::seconds(59));
  EXPECT_EQ(raw((*ids.take(1, take))[0]), 65);
  clock.advance(std::chrono::seconds(60));
  EXPECT_EQ(raw((*ids.take(1, take))[0]), 128);
}

TEST(TaskIds, SubmittingUsesBlocksOfTheSequence) {
  PgWorld world;
  const auto one = world.publish("one", "a");
  auto tasks = world.submit(one.template_id, 100).tasks;
  const auto more = world.submit(one.template_id, 28).tasks;
  tasks.insert(tasks.end(), more.begin(), more.end());
  for (std::size_t i = 0; i < tasks.size(); ++i) EXPECT_EQ(raw(tasks[i]), 64 + static_cast<std::int64_t>(i));
  EXPECT_EQ(world.sql.value("select last_value from tasker.task_block"), "2");
}

// A backup was restored, and the sequence begins where it stood then; or a host still holds ids of before.
TEST(TaskIds, OfADatabaseThatWentBackAreNotGivenTwice) {
  for (const std::string key : {"", "k"}) {
    for (const bool first_is_free : {false, true}) {
      PgWorld world;
      const auto one = world.publish("one", "a");
      world.submit(one.template_id, 700);
      world.sql.exec("select setval('tasker.task_block', 1, false)");
      if (first_is_free) world.sql.exec("delete from tasker.task where task_id = 64");
      const auto restored = world.another_store();
      engine::SubmitRequest request{world.host(), std::vector<engine::NewTask>(3), 10, world.plugins(), {}};
      for (auto& task : request.tasks) task.template_id = one.template_id;
      if (!key.empty()) request.parts = {{3, {key, "00ff", std::chrono::hours(1)}}};
      const auto answer = await<engine::SubmitAnswer>([&](auto reply) { restored->submit(request, reply); });
      ASSERT_TRUE(answer) << answer.error().message;
      EXPECT_EQ(raw(answer->tasks.front()), 12 * 64) << "behind the eleven blocks that hold the 700";
      EXPECT_EQ(answer->claimed.size(), 3u);
      EXPECT_EQ(world.sql.value("select count(*) from tasker.task"), first_is_free ? "702" : "703");
      for (const auto& part : answer->parts) {
        ASSERT_TRUE(part) << part.error().message;
        EXPECT_FALSE(part->replayed);
        EXPECT_EQ(part->tasks, answer->tasks);
      }
    }
  }
}

// Both were given the ids, and the other's tasks are not committed yet: the key of the table tells, not the look before.
TEST(TaskIds, ThatAnotherHostIsUsingRightNowAreLeft) {
  PgWorld world;
  const auto one = world.publish("one", "a");
  SqlClient other(world.db.conninfo());
  other.exec("begin");
  other.exec("select tasker.submit_tasks(1, '{64,65}', '{1,1}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', 0, '{1}', clock_timestamp())");
  engine::SubmitRequest request{world.host(), std::vector<engine::NewTask>(2), 10, world.plugins(), {}};
  for (auto& task : request.tasks) task.template_id = one.template_id;
  Awaited<engine::SubmitAnswer> made;
  world.store().submit(request, made.reply());
  world.sql.wait_for("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'", "1");
  other.exec("commit");
  const auto answer = made.get();
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_GE(raw(answer->tasks.front()), 2 * 64);
  EXPECT_EQ(world.sql.value("select count(*) from tasker.task"), "4");
}

// Any other duplicate is an error like others, and says nothing of the ids.
TEST(TaskIds, AreNotBlamedForADuplicateOfSomethingElse) {
  PgWorld world;
  const auto one = world.publish("one", "a");
  world.sql.exec("create unique index one_of_each on tasker.task_0 (correlation_id)");
  engine::SubmitRequest request{world.host(), std::vector<engine::NewTask>(2), 10, world.plugins(), {}};
  for (auto& task : request.tasks) {
    task.template_id = one.template_id;
    task.correlation_id = "same";
  }
  const auto answer = await<engine::SubmitAnswer>([&](auto reply) { world.store().submit(request, reply); });
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, Code::database_error);
  EXPECT_THAT(answer.error().message, testing::HasSubstr("one_of_each"));
  EXPECT_EQ(world.sql.value("select last_value from tasker.task_block"), "1") << "no other ids were tried";
  request.tasks.resize(1);
  EXPECT_EQ(raw(await<engine::SubmitAnswer>([&](auto reply) { world.store().submit(request, reply); })->tasks.front()), 64);
}

// An answer got lost, and meanwhile another host created tasks with the same ids: they answer no repetition.
TEST(TaskIds, OfAnotherRequestAreNoAnswerToARepeatedSubmit) {
  PgWorld world;
  world.publish("one", "a");
  const auto call = [](const std::string& templates, const std::string& correlation) {
    return "select task_id from tasker.submit_tasks(1, '{640,641}', '" + templates + "', '{}', '{}', '{}', '{}', '{}', '" +
           correlation + "', '{}', '{}', 10, '{1}', clock_timestamp()) where task_id <> 0";
  };
  EXPECT_EQ(world.sql.rows(call("{1,1}", "{r1,r2}")).size(), 2u);
  EXPECT_EQ(world.sql.rows(call("{1,1}", "{r1,r2}")).size(), 2u);
  for (const char* other : {"{r1,r3}", "{r1}", "{}"}) EXPECT_EQ(world.sql.try_exec(call("{1,1}", other)).sqlstate, "23505") << other;
  EXPECT_EQ(world.sql.try_exec(call("{1,2}", "{r1,r2}")).sqlstate, "23505");
  EXPECT_EQ(world.sql.value("select count(*) from tasker.task"), "2");
}

TEST(PartitionsAhead, PartitionsAreMadeAheadWithoutStoppingWorkBehindAnOpenSelect) {
  PgWorld world;
  const auto one = world.publish("one", "a");
  world.sql.exec("update tasker.setting set partition_tasks = 4194304");
  SqlClient reader(world.db.conninfo());
  reader.exec("begin; select count(*) from tasker.task; select count(*) from tasker.step; select count(*) from tasker.attempt");
  SqlClient maker(world.db.conninfo());
  maker.exec("set lock_timeout = '2s'");
  maker.exec("select tasker.ensure_partitions(4194304 * 3, 1)");
  EXPECT_EQ(world.sql.value("select count(*) from pg_inherits where inhparent = 'tasker.task'::regclass"), "2");
  EXPECT_EQ(world.submit(one.template_id).tasks.size(), 1u);
  reader.exec("commit");
}

TEST(PartitionsAhead, TakingIdsMakesTheNextPartitionWhenHalfOfOneIsUsed) {
  PgWorld world;
  const auto one = world.publish("one", "a; b: a");
  const auto partitions = [&] {
    return world.sql.value("select count(*) from pg_inherits where inhparent = 'tasker.annotation'::regclass");
  };
  EXPECT_EQ(partitions(), "1");
  world.sql.exec("select setval('tasker.task_block', 4194304 / 64 / 2 - 5)");
  world.submit(one.template_id);
  EXPECT_EQ(partitions(), "1");
  world.submit(one.template_id, 1000);
  world.submit(one.template_id, 1000);
  EXPECT_EQ(partitions(), "2");
  world.sql.exec("select setval('tasker.task_block', 4194304 / 64 - 8)");
  const auto submitted = world.submit(one.template_id, 1000);
  EXPECT_EQ(world.sql.value("select count(distinct tableoid) from tasker.step"), "2");
  EXPECT_EQ(world.run_to_end(submitted.claimed), 2000);
  world.check_rows();
}

// A changed signature must get a new name: `create or replace` would leave the old function beside it, and a host of
// the version before would call whichever fits.
TEST(FunctionNames, NoFunctionHasTwoSignatures) {
  PgWorld world;
  EXPECT_EQ(world.sql.value("select string_agg(proname, ' ') from (select proname from pg_proc"
                            " where pronamespace = 'tasker'::regnamespace and proname not in ('seed_status')"
                            " group by proname having count(*) > 1) twice"), "");
}

TEST(FunctionNames, TwoVersionsOfAFunctionServeTwoHosts) {
  PgWorld world;
  std::string text;
  for (const auto& file : store::functions()) {
    if (file.name == "claim_steps") text = file.text;
  }
  const auto at = text.find("tasker.claim_steps(");
  ASSERT_NE(at, std::string::npos);
  text.replace(at, std::string("tasker.claim_steps(").size(), "tasker.claim_steps_v2(p_reserve int, ");
  world.sql.exec(text);
  const auto one = world.publish("one", "a");
  const TaskId task = world.submit(one.template_id, 17, 0).tasks[0];
  EXPECT_EQ(world.claim(task, 1).size(), 1u);
  EXPECT_EQ(world.sql.rows("select * from tasker.claim_steps_v2(0, 1, 0::smallint, '{1}', 5, clock_timestamp())").size(), 1u);
}

TEST(Queries, EveryNamedQueryCanBePrepared) {
  PgWorld world;
  std::set<std::string> names;
  for (const auto& query : store::queries()) {
    if (query.name == "migration_tables" || query.name == "functions_unchecked") continue;  // several, or no, statements
    const auto answer = world.sql.try_exec("prepare " + std::string(query.name) + "_p as " + std::string(query.text));
    EXPECT_TRUE(answer.ok()) << query.name << ": " << answer.message;
    EXPECT_TRUE(names.insert(std::string(query.name)).second);
  }
  EXPECT_GT(names.size(), 20u);
}

}  // namespace
}  // namespace tasker::test
