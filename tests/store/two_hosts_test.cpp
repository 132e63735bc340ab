// What two hosts do to the same rows at the same moment. One of them stands inside its transaction while the other calls.
#include "support/pg_world.h"

namespace tasker::test {
namespace {

class TwoHosts : public ::testing::Test {
 protected:
  static std::string complete(int host, int ord, const std::string& outcome = "ok") {
    return "select kind, ord from tasker.complete_steps(" + std::to_string(host) + ", '{64}', '{" +
           std::to_string(ord) + "}', '{1}', '{" + outcome + "}', '{}', '{}', '{}', '{}', '{1}', '{1}', '{}', null, 5,"
           " '{1}', clock_timestamp())";
  }
  static std::string reclaim(HostId by) {
    return "select tasker.reclaim_steps(" + std::to_string(raw(by)) + ", 0::smallint, 100, clock_timestamp())";
  }

  PgWorld world;
  SqlClient first{world.db.conninfo()};
  SqlClient second{world.db.conninfo()};
};

// Counters are read under the child's lock, in the second part's own snapshot: in one statement, or without the lock, both
// parents see the other as unfinished and the join never starts, or both claim it.
TEST_F(TwoHosts, OfTwoParentsEndingAtOnceExactlyOneClaimsTheJoin) {
  const auto join = world.publish("join", "a; b; c: a b");
  const TaskId task = world.submit_one(join.template_id);
  const HostId other = world.another_host();
  world.sql.exec("update tasker.step set host_id = " + std::to_string(raw(other)) + " where ord = 2");
  first.exec("begin");
  EXPECT_TRUE(first.rows(complete(1, 1)).empty()) << "the child still waits for its other parent";
  second.start(complete(raw(other), 2));
  world.sql.wait_until_blocked(second.backend_pid());
  first.exec("commit");
  const auto late = second.finish();
  ASSERT_TRUE(late.ok()) << late.message;
  ASSERT_EQ(late.rows.size(), 1u);
  EXPECT_EQ(late.rows[0][0] + late.rows[0][1], "c3");
  EXPECT_EQ(world.sql.value("select host_id || ' ' || claim_no || ' ' || pending_parents from tasker.step where ord = 3"),
            std::to_string(raw(other)) + " 1 0");
  EXPECT_EQ(world.settle(task), 0);
  world.check_rows();
}

// The end of a task is decided under its locked row: of two hosts that end its last two steps, the second sees both ended.
TEST_F(TwoHosts, EndingTheLastTwoStepsOfACancelledTaskEndTheTask) {
  const auto join = world.publish("join", "a; b; c: a b");
  const TaskId task = world.submit_one(join.template_id);
  const HostId other = world.another_host();
  world.sql.exec("update tasker.step set host_id = " + std::to_string(raw(other)) + " where ord = 2");
  world.cancel(task);
  first.exec("begin");
  EXPECT_TRUE(first.rows(complete(1, 1)).empty()) << "the task still has a step in progress";
  second.start(complete(raw(other), 2));
  world.sql.wait_until_blocked(second.backend_pid());
  first.exec("commit");
  const auto late = second.finish();
  ASSERT_TRUE(late.ok()) << late.message;
  ASSERT_EQ(late.rows.size(), 1u);
  EXPECT_EQ(late.rows[0][0], "e");
  EXPECT_EQ(world.sql.value("select finished_at is not null from tasker.task"), "t");
  EXPECT_EQ(world.settle(task), 0);
}

// Whether an outcome may end its task is looked at before the steps are locked; a budget that is cut in between makes the
// call begin again, with the locks that it now needs.
TEST_F(TwoHosts, ABudgetCutWhileAnOutcomeIsWrittenRepeatsTheCall) {
  const auto two = world.publish("two", "a; b");
  const TaskId task = world.submit_one(two.template_id);
  first.exec("begin; update tasker.step set retry_limit = 1 where ord = 1");
  second.start(complete(1, 1, "retry"));
  world.sql.wait_until_blocked(second.backend_pid());
  first.exec("commit");
  EXPECT_EQ(second.finish().sqlstate, "40001") << "a serialization failure, which the store repeats";
  second.exec(complete(1, 1, "retry"));
  EXPECT_EQ(world.step_state({task, 1}), "error");
}

// A stopping host may still have a claim on its way. Had it left before that commits, others would look, find nothing,
// call it released, and the step would be in progress under nobody for ever.
TEST_F(TwoHosts, AHostLeavesAfterItsCallsInFlight) {
  const auto linear = world.publish("linear", "a; b: a");
  const TaskId task = world.submit_one(linear.template_id);
  const HostId other = world.another_host();
  first.exec("begin");
  first.exec(complete(1, 1));
  second.start("select tasker.leave_host(1, clock_timestamp())");
  world.sql.wait_until_blocked(second.backend_pid());
  EXPECT_EQ(world.sql.value("select alive from tasker.host where host_id = 1"), "t");
  first.exec("commit");
  ASSERT_TRUE(second.finish().ok());
  EXPECT_EQ(*await<int>([&](auto reply) { world.store().reclaim(other, {world.host()}, reply); }), 1);
  EXPECT_EQ(world.step_state({task, 2}), "ready");
}

// Of two hosts taking over, the second waits for the first, which may die before it commits: only an empty look means
// that a lane holds no more.
TEST_F(TwoHosts, ATakeoverThatCameSecondLooksAgain) {
  const auto one = world.publish("one", "a");
  const TaskId task = world.submit_one(one.template_id);
  const HostId quick = world.another_host(), slow = world.another_host();
  world.sql.exec("update tasker.host set alive = false where host_id = 1");
  for (const std::string end : {"rollback", "commit"}) {
    first.exec("begin");
    EXPECT_EQ(first.value(reclaim(quick)), "1");
    second.exec("begin");
    second.start(reclaim(slow));
    world.sql.wait_until_blocked(second.backend_pid());
    first.exec(end);
    EXPECT_EQ(second.finish().rows.at(0).at(0), "1") << "after " << end;
    second.exec("rollback");
  }
  EXPECT_EQ(world.sql.value(reclaim(slow)), "0");
  EXPECT_EQ(world.step_state({task, 1}), "ready");
  world.check_rows();
}

// Takeover goes by what is, not by an event that may have been missed: whatever is in progress under a host that does not
// live comes back, though that host was called released long ago.
TEST_F(TwoHosts, TakeoverFindsTheStepsOfEveryHostThatDoesNotLive) {
  const auto one = world.publish("one", "a");
  const TaskId task = world.submit_one(one.template_id);
  const HostId dead = world.another_host(), observer = world.another_host();
  world.sql.exec("update tasker.host set alive = false, released = true where host_id = 1");
  EXPECT_EQ(*await<int>([&](auto reply) { world.store().reclaim(observer, {dead}, reply); }), 1);
  EXPECT_EQ(world.step_state({task, 1}), "ready");
}

}  // namespace
}  // namespace tasker::test
