// One lock order everywhere: host, then queue rows, then steps by (task_id, ord), then tasks. Each row that a verb locks
// is held in turn by somebody else: the verb then waits there, has every earlier row and touches no later one.
#include "support/pg_world.h"

namespace tasker::test {
namespace {

// Two tasks of one lane, 64 and 80, each with two steps in progress (1, 2), one that waits for its retry (3), one in the
// queue (4), and a child of each that runs (5, 6).
class LockOrder : public ::testing::Test {
 protected:
  LockOrder() {
    const auto shape = world.publish("shape", "a; b; f; c; d: a; e: b");
    std::vector<engine::FinishedAttempt> retries;
    for (const int others : {0, 15}) {
      if (others > 0) world.submit(shape.template_id, others, 0);
      const auto submitted = world.submit(shape.template_id, 1, 3);
      retries.push_back(finished(submitted.claimed.at(2), model::OutcomeKind::retry, ""));
      retries.back().delay = std::chrono::hours(1);
    }
    world.complete(retries);
    observer = world.another_host();
    actor.exec("set jit = off; set plan_cache_mode = force_generic_plan; set enable_seqscan = off; set enable_bitmapscan = off; set lock_timeout = '20s'");
  }

  static std::string host(int id) { return "tasker.host where host_id = " + std::to_string(id); }
  static std::string step(int task, int ord) { return row("step", task) + " and ord = " + std::to_string(ord); }
  static std::string task(int id) { return row("task", id); }

  using Rows = std::vector<std::string>;
  // What lock_tasks locks of these tasks, after what the verb has locked before.
  static Rows all_of(const std::vector<int>& tasks, Rows rows = {}, bool queued = true) {
    if (queued) {
      for (const int id : tasks) rows.push_back(row("ready_step", id));
      for (const int id : tasks) rows.push_back(row("delayed_step", id));
    }
    for (const int id : tasks) {
      for (int ord = 1; ord <= 6; ++ord) rows.push_back(step(id, ord));
    }
    for (const int id : tasks) rows.push_back(task(id));
    return rows;
  }

  bool is_locked(const std::string& row) {
    return world.sql.value("select count(*) from (select from " + row + " for update skip locked) x") == "0";
  }

  // Until the actor waits for a lock or is through; its lock_timeout is the deadline.
  void wait_for_actor() {
    const std::string blocked = "select cardinality(pg_blocking_pids(" + std::to_string(actor.backend_pid()) + ")) > 0";
    while (actor.is_busy() && world.sql.value(blocked) != "t") {}
  }

  void expect_order(const std::string& verb, const Rows& rows) {
    for (const auto& each : rows) ASSERT_FALSE(is_locked(each)) << each << " must exist and be free";
    for (std::size_t held = 0; held < rows.size() && !HasFailure(); ++held) {
      holder.exec("begin");
      holder.exec("select from " + rows[held] + " for update");
      actor.exec("begin");
      actor.start("select " + verb);
      wait_for_actor();
      EXPECT_TRUE(actor.is_busy()) << verb << " does not lock " << rows[held];
      for (std::size_t other = 0; other < rows.size(); ++other) {
        if (other == held) continue;
        EXPECT_EQ(is_locked(rows[other]), other < held) << rows[other] << " while waiting for " << rows[held];
      }
      holder.exec("rollback");
      const auto answer = actor.finish();
      EXPECT_TRUE(answer.ok()) << answer.message;
      actor.exec("rollback");
    }
  }

  static std::string complete(const std::string& tasks, const std::string& ords, const std::string& outcomes) {
    const std::string ones = outcomes.find(',') == outcomes.rfind(',') ? "'{1,1}'" : "'{1,1,1,1}'";
    return "tasker.complete_steps(1, '" + tasks + "', '" + ords + "', " + ones + ", '" + outcomes +
           "', '{}', '{}', '{}', '{}', " + ones + ", " + ones + ", '{}', null, 9, '{1}', clock_timestamp())";
  }

  PgWorld world;
  HostId observer{};
  SqlClient holder{world.db.conninfo()};
  SqlClient actor{world.db.conninfo()};

 private:
  static std::string row(const std::string& table, int task) {
    return "tasker." + table + " where task_id = " + std::to_string(task);
  }
};

TEST_F(LockOrder, OfOperatorActions) {
  expect_order("tasker.cancel_task(64, 'tester', 'why', clock_timestamp())", all_of({64}));
  expect_order("tasker.pause_task(64, 'tester', 'why', clock_timestamp())", all_of({64}));
  world.pause(static_cast<TaskId>(64));
  expect_order("tasker.resume_task(64, 'tester', 'why', clock_timestamp())", all_of({64}, {}, false));
}

TEST_F(LockOrder, OfRepair) { expect_order("tasker.settle_tasks('{80,64}', clock_timestamp())", all_of({64, 80})); }

TEST_F(LockOrder, OfHandingBack) {
  expect_order("tasker.hand_back_steps(1, '{80,64}', '{1,1}', '{1,1}', clock_timestamp())", all_of({64, 80}, {host(1)}));
}

TEST_F(LockOrder, OfNotingACrash) {
  world.sql.exec("update tasker.host set process = 'p1' where host_id = 1");
  expect_order("tasker.note_crash('p1', 64, 1, 1, 'SIGSEGV', 'test/shape 1.0.0', 'a', clock_timestamp())", all_of({64}, {host(1)}));
}

TEST_F(LockOrder, OfTakeover) {
  world.another_host();
  expect_order("tasker.reclaim_dead_hosts(2, '{3,1}', clock_timestamp())", {host(2), host(1), host(3)});
  world.sql.exec("update tasker.host set alive = false where host_id = 1");
  expect_order("tasker.reclaim_steps(2, 0::smallint, 100, clock_timestamp())", all_of({64, 80}, {host(2)}));
}

TEST_F(LockOrder, OfSuccesses) {
  expect_order(complete("{64,64,80,80}", "{1,2,1,2}", "{ok,ok,ok,ok}"),
               {host(1), step(64, 1), step(64, 2), step(80, 1), step(80, 2), step(64, 5), step(64, 6), step(80, 5), step(80, 6)});
  ASSERT_EQ(world.claim(static_cast<TaskId>(64)).size(), 2u);
  expect_order(complete("{64,64,80,80}", "{1,4,1,4}", "{ok,ok,ok,ok}"),
               {host(1), step(64, 1), step(64, 4), step(80, 1), step(80, 4), step(64, 5), step(80, 5), task(64), task(80)});
}

// A failure that may end its task locks what else of it may move, before it writes anything.
TEST_F(LockOrder, OfFailuresForGood) {
  expect_order(complete("{64,80}", "{1,1}", "{fail,fail}"), all_of({64, 80}, {host(1)}, false));
  Rows mixed = {host(1)};
  for (int ord = 1; ord <= 6; ++ord) mixed.push_back(step(64, ord));
  mixed.insert(mixed.end(), {step(80, 1), step(80, 5), task(64), task(80)});
  expect_order(complete("{64,80}", "{1,1}", "{fail,ok}"), mixed);
}

// The later task ends by its last step, the earlier one because it was cancelled: still by their ids.
TEST_F(LockOrder, OfTasksThatEndInDifferentWays) {
  ASSERT_EQ(world.claim(static_cast<TaskId>(64)).size(), 2u);
  world.cancel(static_cast<TaskId>(64));
  expect_order(complete("{64,80}", "{1,4}", "{ok,ok}"), {host(1), step(64, 1), step(80, 4), task(64), task(80)});
}

TEST_F(LockOrder, OfOutcomesThatMayEndCancelledTasks) {
  world.cancel(static_cast<TaskId>(64));
  world.cancel(static_cast<TaskId>(80));
  expect_order(complete("{64,80}", "{1,1}", "{ok,ok}"), {host(1), step(64, 1), step(80, 1), task(64), task(80)});
}

TEST_F(LockOrder, OfSubmittingAndClaiming) {
  expect_order("tasker.submit_tasks(1, '{640}', '{1}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', 10, '{1}', clock_timestamp())",
               {host(1)});
  world.submit(TemplateId{1}, 32, 0);
  // Queue rows and steps that are locked are skipped: see below.
  expect_order("tasker.claim_steps(1, 0::smallint, '{1}', 99, clock_timestamp())", {host(1), task(96), task(112)});
}

// A claim waits for nobody's rows: what is locked stays where it is.
TEST_F(LockOrder, AClaimSkipsLockedRowsOfBothQueues) {
  const std::string ords = "select string_agg(task_id || '/' || ord, ' ' order by task_id, ord)"
                           " from tasker.claim_steps(1, 0::smallint, '{1}', 9, clock_timestamp() + interval '2 hours')";
  holder.exec("begin");
  holder.exec("select from tasker.ready_step where task_id = 64 for update");
  holder.exec("select from tasker.delayed_step where task_id = 64 for update");
  actor.start(ords);
  wait_for_actor();
  holder.exec("rollback");
  EXPECT_EQ(actor.finish().rows.at(0).at(0), "80/3 80/4");
  EXPECT_EQ(world.sql.value(ords), "64/3 64/4");
}

// The caller's array is the order in which outcomes are written, so the host sorts it.
TEST_F(LockOrder, ABatchIsSortedBeforeItIsSent) {
  std::vector<engine::FinishedAttempt> batch;
  for (const int id : {80, 64}) {
    batch.push_back(finished({{static_cast<TaskId>(id), 1}, 1, 1, 3, 0, TemplateId{1}, PluginId{1}}));
  }
  auto request = std::make_shared<engine::CompleteRequest>();
  *request = {world.host(), batch, 0, world.plugins()};
  holder.exec("begin");
  holder.exec("select from " + step(64, 1) + " for update");
  Awaited<engine::CompleteAnswer> answer;
  world.store().complete(request, answer.reply());
  world.sql.wait_for("select count(*) from pg_stat_activity where datname = current_database()"
                     " and wait_event_type = 'Lock'", "1");
  EXPECT_FALSE(is_locked(step(80, 1))) << "written before the smaller one";
  holder.exec("rollback");
  EXPECT_TRUE(answer.get());
}

}  // namespace
}  // namespace tasker::test
