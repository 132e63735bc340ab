// Plans that must hold whatever the tables' sizes were when they were made: a host prepares its statements once, often on
// a nearly empty database, and runs them on a full one.
#include "support/pg_world.h"

namespace tasker::test {
namespace {

// As the store's connections are set: ConnectionTest holds them to it.
void set_as_the_store(SqlClient& session) {
  session.exec("set jit = off; set plan_cache_mode = force_generic_plan;"
               " set enable_seqscan = off; set enable_bitmapscan = off");
}

// Finished tasks of two steps each, as most of a table is.
void add_finished_tasks(PgWorld& world) {
  world.sql.exec("insert into tasker.task (lane, task_id, template_id, state, open_sinks, created_at, finished_at, context)"
                 " select 0, 1600 + i * 16, 1, 'complete', 0, now(), now(), '{}' from generate_series(1, 3000) i");
  world.sql.exec("insert into tasker.step (lane, task_id, ord, state, pending_parents, plugin_id, retryable, retry_limit)"
                 " select 0, 1600 + i * 16, o, 'complete', 0, 1, true, 3 from generate_series(1, 3000) i, generate_series(1, 2) o");
}

TEST(Plans, ATinyAnalyzedTableIsNotReadWhole) {
  PgWorld world;
  const auto line = world.publish("line", "a; b: a; c: b");
  const auto first = world.submit(line.template_id, 3).claimed;
  world.complete({finished(first[0])});
  world.sql.exec("analyze tasker.task, tasker.step, tasker.attempt, tasker.ready_step, tasker.delayed_step");
  SqlClient session(world.db.conninfo());
  set_as_the_store(session);
  session.exec("begin");
  session.exec("select * from tasker.complete_steps(1, '{65}', '{1}', '{1}', '{ok}', '{}', '{}', '{}', '{}', '{5}',"
               " '{5}', '{}', null, 5, '{1}', clock_timestamp())");
  session.exec("select * from tasker.step_inputs_v2('{65}', '{2}')");
  session.exec("select tasker.hand_back_steps(1, '{66}', '{1}', '{1}', clock_timestamp())");
  session.exec("select * from tasker.claim_steps(1, 2::smallint, '{1}', 5, clock_timestamp())");
  session.exec("select tasker.cancel_task(65, 'tester', 'why', clock_timestamp())");
  EXPECT_EQ(session.value("select string_agg(relname || ' ' || seq_scan, ', ') from pg_stat_xact_user_tables"
                          " where seq_scan > 0"), "");
}

// The tables were never analyzed: a plan made then must not read all of a task for each of its steps or parents.
TEST(Plans, AJoinOfManyParentsIsReadOnce) {
  PgWorld world;
  constexpr int kParents = 200;
  std::string graph, parents;
  for (int i = 1; i <= kParents; ++i) {
    const std::string name = "p" + std::to_string(i);
    graph += name + "; ";
    parents += " " + name;
  }
  const auto join = world.publish("join", graph + "last:" + parents);
  const std::string task = text_of(world.submit(join.template_id).tasks[0]);
  world.sql.exec("update tasker.step set state = 'complete', attempts = 1 where ord <= " + std::to_string(kParents));
  world.sql.exec("insert into tasker.attempt (lane, task_id, ord, claim_no, host_id, plugin_id, outcome, attempt, claimed_at,"
                 " started_at, finished_at, result) select lane, task_id, ord, claim_no, 1, 1, 'ok', 1, now(), now(), now(), '1'"
                 " from tasker.step where state = 'complete'");
  SqlClient session(world.db.conninfo());
  set_as_the_store(session);
  for (const std::string& statement :
       {"select cardinality(parent_results) from tasker.step_inputs_v2('{" + task + "}', '{201}')",
        "select max(completed_parents) from tasker.step_readiness('{" + task + "}')"}) {
    session.exec("begin");
    EXPECT_EQ(session.value(statement), std::to_string(kParents)) << statement;
    EXPECT_LT(std::stoi(session.value("select sum(idx_tup_fetch + seq_tup_read) from pg_stat_xact_user_tables")),
              10 * kParents) << statement;
    session.exec("rollback");
  }
}

// With statistics the planner would enter `step` through `task`, by two of the key's three columns.
TEST(Plans, TheStepsOfAWideTaskAreLookedUpOneByOne) {
  PgWorld world;
  constexpr int kSteps = 1'000;
  std::string graph;
  for (int i = 1; i <= kSteps; ++i) graph += "s" + std::to_string(i) + (i < kSteps ? "; " : "");
  const auto wide = world.publish("wide", graph);
  const std::string task = text_of(world.submit(wide.template_id, 1, 0).tasks[0]);
  add_finished_tasks(world);
  world.sql.exec("analyze tasker.task, tasker.step, tasker.ready_step");
  SqlClient session(world.db.conninfo());
  set_as_the_store(session);
  const std::string lane = session.value("select tasker.lane_of(" + task + ")");
  const auto steps_read = [&] {
    return std::stoi(session.value("select sum(idx_tup_fetch + seq_tup_read) from pg_stat_xact_user_tables"
                                   " where relname = 'step_0'"));
  };
  session.exec("begin");
  EXPECT_EQ(session.value("select count(*) from tasker.claim_steps(1, " + lane + "::smallint, '{1}', 500, clock_timestamp())"),
            "500");
  EXPECT_LT(steps_read(), 10 * kSteps) << "claim_steps";
  session.exec("commit");
  session.exec("begin");
  EXPECT_EQ(session.value("select tasker.hand_back_steps(1, array_agg(task_id order by ord), array_agg(ord order by ord),"
                          " array_agg(claim_no order by ord), clock_timestamp()) from tasker.step where state = 'in_progress' and task_id = " + task),
            "500");
  EXPECT_LT(steps_read(), 20 * kSteps) << "hand_back_steps";
  session.exec("rollback");
}

// A batch of tasks of several lanes, all of them cancelled or failing, among thousands of others that end.
TEST(Plans, TasksThatEndAreLookedUpOneByOne) {
  PgWorld world;
  world.publish("line", "a; b: a");
  world.sql.exec("insert into tasker.task (lane, task_id, template_id, state, open_sinks, created_at, context)"
                 " select tasker.lane_of(id), id, 1, 'cancelled', 1, now(), '{}' from generate_series(1000, 4000) id");
  world.sql.exec("insert into tasker.step (lane, task_id, ord, state, pending_parents, children, plugin_id, retryable, retry_limit,"
                 " claim_no, host_id, claimed_at) select tasker.lane_of(id), id, 1, 'in_progress', 0, '{2}', 1, true, 3, 1, 1, now()"
                 " from generate_series(1000, 4000) id");
  for (const bool analyzed : {false, true}) {
    if (analyzed) world.sql.exec("analyze tasker.task, tasker.step, tasker.attempt");
    SqlClient session(world.db.conninfo());
    set_as_the_store(session);
    session.exec("begin");
    EXPECT_EQ(session.value("select count(*) from tasker.complete_steps(1, '{1000,1501,2002,2503,3004,3999}', '{1,1,1,1,1,1}',"
                            " '{1,1,1,1,1,1}', '{ok,fail,retry,ok,fail,ok}', '{}', '{}', '{}', '{0,0,9,0,0,0}', '{5,5,5,5,5,5}',"
                            " '{5,5,5,5,5,5}', '{}', null, 5, '{1}', clock_timestamp()) where kind = 'e'"),
              "6");
    EXPECT_LT(std::stoi(session.value("select sum(idx_tup_fetch + seq_tup_read) from pg_stat_xact_user_tables"
                                      " where relname in ('task_0', 'step_0')")), 200) << analyzed;
    session.exec("rollback");
  }
}

TEST(Plans, TakeoverReadsTheStepsOfOpenTasksOnly) {
  PgWorld world;
  const auto line = world.publish("line", "a; b: a");
  world.submit(line.template_id, 1);
  add_finished_tasks(world);
  world.sql.exec("analyze tasker.task, tasker.step");
  const HostId observer = world.another_host();
  world.sql.exec("update tasker.host set alive = false where host_id = 1");
  SqlClient session(world.db.conninfo());
  set_as_the_store(session);
  session.exec("begin");
  EXPECT_EQ(session.rows("select * from tasker.held_steps_of_lane(1, 0::smallint)").size(), 1u);
  EXPECT_EQ(session.value("select tasker.reclaim_steps(" + std::to_string(raw(observer)) +
                          ", 0::smallint, 10, clock_timestamp())"), "1");
  EXPECT_LT(std::stoi(session.value("select sum(seq_tup_read + idx_tup_fetch) from pg_stat_xact_user_tables"
                                    " where relname = 'step_0'")), 100);
}

// A version that drains is asked for again and again: neither the tasks that have ended nor those of other versions may be read.
TEST(Plans, WhatNeedsAVersionIsLookedUp) {
  PgWorld world;
  world.publish("line", "a; b: a");
  world.publish("other", "a");
  const auto drains = world.publish("drains", "a");
  const auto id = std::to_string(raw(drains.template_id));
  world.submit(drains.template_id, 3);
  add_finished_tasks(world);
  world.sql.exec("insert into tasker.task (lane, task_id, template_id, state, open_sinks, created_at, context)"
                 " select i % 16, 100000 + i, 2, 'pending', 1, now(), '{}' from generate_series(1, 3000) i;"
                 " insert into tasker.delayed_step (run_at, task_id, ord, plugin_id, lane, priority)"
                 " select now(), 100000 + i, 1, 2, i % 16, 5 from generate_series(1, 3000) i");
  for (const bool analyzed : {false, true}) {
    if (analyzed) world.sql.exec("vacuum analyze tasker.task, tasker.delayed_step");
    SqlClient session(world.db.conninfo());
    set_as_the_store(session);
    const auto rows_read = [&](const std::string& statement, const std::string& answer) {
      session.exec("begin");
      EXPECT_EQ(session.value(statement), answer) << statement;
      const int read = std::stoi(session.value("select sum(idx_tup_fetch + seq_tup_read) from pg_stat_xact_user_tables"
                                               " where relname in ('task_0', 'delayed_step')"));
      session.exec("rollback");
      return read;
    };
    EXPECT_LT(rows_read("select tasks from tasker.open_tasks_of('{" + id + "}')", "3"), 50) << analyzed;
    EXPECT_LT(rows_read("select count(*) from tasker.open_templates()", "2"), 50) << analyzed;
    EXPECT_LT(rows_read("select count(*) from tasker.needed_plugins(1)", "0"), 50) << analyzed;
    EXPECT_LT(rows_read("select jsonb_array_length(tasker.find_tasks('{\"status\": \"pending\"}', 5, null) -> 'tasks')", "5"), 400) << analyzed;
  }
}

}  // namespace
}  // namespace tasker::test
