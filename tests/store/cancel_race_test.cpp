// What two connections may do to one task at the same moment: complete records first and claims in a fresh snapshot, all
// take locks in one order, and the end of a task is decided under locked rows. The interleavings are forced by holding row
// locks on a second connection.
#include <random>
#include <thread>

#include "support/pg_world.h"

namespace tasker::test {
namespace {

using model::OutcomeKind;

// A complete that is on its way when an operator's action commits: it waits for the lock, and must not claim the child.
void act_while_completing(const std::string& action, const std::string& child_state) {
  PgWorld world;
  const auto linear = world.publish("linear", "a; b: a");
  const auto submitted = world.submit(linear.template_id);
  const TaskId task = submitted.tasks[0];

  SqlClient actor(world.db.conninfo());
  actor.exec("begin");
  actor.exec(sql_function(action, task));

  Awaited<engine::CompleteAnswer> answer;
  auto request = std::make_shared<engine::CompleteRequest>();
  request->host = world.host();
  request->attempts = {finished(submitted.claimed[0])};
  request->room = 10;
  request->plugins = world.plugins();
  world.store().complete(request, answer.reply());
  world.sql.wait_for("select count(*) from pg_stat_activity where datname = current_database()"
                     " and wait_event_type = 'Lock'", "1");
  actor.exec("commit");

  const auto completed = answer.get();
  ASSERT_TRUE(completed);
  EXPECT_TRUE(completed->claimed.empty());
  EXPECT_EQ(world.step_state(submitted.claimed[0].step), "complete");
  EXPECT_EQ(world.step_state({task, 2}), child_state);
  EXPECT_EQ(world.settle(task), 0);
  world.check_rows();
}

TEST(CompleteThenClaim, NoChildIsClaimedAfterACommittedCancel) { act_while_completing("cancel_task", "cancelled"); }
TEST(CompleteThenClaim, NoChildIsClaimedAfterACommittedPause) { act_while_completing("pause_task", "pending"); }

TEST(CompleteThenClaim, AnActionWaitsForACompleteThatCameFirst) {
  PgWorld world;
  const auto linear = world.publish("linear", "a; b: a; c: b");
  const auto submitted = world.submit(linear.template_id);
  const TaskId task = submitted.tasks[0];
  SqlClient first(world.db.conninfo());
  first.exec("begin");
  first.exec("select * from tasker.complete_steps(" + std::to_string(raw(world.host())) + ", '{64}', '{1}',"
             " '{1}', '{ok}', '{}', '{}', '{}', '{}', '{1}', '{1}', '{}', null, 5, '{1}', clock_timestamp())");
  SqlClient actor(world.db.conninfo());
  actor.start(sql_function("cancel_task", task));
  world.sql.wait_until_blocked(actor.backend_pid());
  first.exec("commit");
  ASSERT_TRUE(actor.finish().ok());
  // The child was claimed before the cancel, so it still runs; its own child never will.
  EXPECT_EQ(world.step_state({task, 2}), "in_progress");
  EXPECT_EQ(world.step_state({task, 3}), "cancelled");
  EXPECT_EQ(world.settle(task), 0);
  world.check_rows();
}

TEST(LockOrderRaces, ClaimSkipsStepsThatSomebodyHasLocked) {
  PgWorld world;
  const auto one = world.publish("one", "a");
  const auto submitted = world.submit(one.template_id, 17, 0);
  SqlClient holder(world.db.conninfo());
  holder.exec("begin; select from tasker.step where task_id = 64 for update");
  const auto claimed = world.claim(submitted.tasks[0]);
  ASSERT_EQ(claimed.size(), 1u);
  EXPECT_EQ(raw(claimed[0].step.task), 80);
  holder.exec("commit");
  EXPECT_EQ(world.claim(submitted.tasks[0]).size(), 1u);
  world.check_rows();
}

// Claims, completions that fail for good, cancels, pauses and resumes, from several connections at once: without one
// lock order PostgreSQL finds a deadlock within a few rounds.
TEST(LockOrderRaces, RandomRoundsOfEverythingMeetNoDeadlock) {
  PgWorld world;
  const auto shape = world.publish("shape", "a; b: a; c: a; d: b c; e");
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  std::vector<TaskId> tasks;
  for (int round = 0; round < 4; ++round) {
    const auto submitted = world.submit(shape.template_id, 48, 40);
    tasks.insert(tasks.end(), submitted.tasks.begin(), submitted.tasks.end());
  }
  std::vector<std::thread> threads;
  for (unsigned worker = 0; worker < 2; ++worker) {
    threads.emplace_back([&, worker] {
      auto store = world.another_store();
      std::mt19937 random(seed + worker);
      const HostId host = *await<HostId>([&](auto reply) { store->register_host({"w", "1", ""}, reply); });
      for (int i = 0; i < 150; ++i) {
        const auto lane = static_cast<Lane>(random() % 16);
        const engine::ClaimRequest claim{host, lane, 8, world.plugins()};
        auto claimed = await<std::vector<engine::ClaimedStep>>([&](auto reply) { store->claim(claim, reply); });
        ASSERT_TRUE(claimed) << claimed.error().message;
        while (!claimed->empty()) {
          auto request = std::make_shared<engine::CompleteRequest>();
          *request = {host, {}, static_cast<int>(random() % 4), world.plugins()};
          for (const auto& step : *claimed) {
            request->attempts.push_back(finished(step, random() % 5 ? OutcomeKind::ok : OutcomeKind::fail));
          }
          auto answer = await<engine::CompleteAnswer>([&](auto reply) { store->complete(request, reply); });
          ASSERT_TRUE(answer) << answer.error().message;
          *claimed = std::move(answer->claimed);
        }
      }
      EXPECT_EQ(store->counters().transient_retries.load(), 0u) << "deadlocks are repeated, and would hide here";
    });
    threads.emplace_back([&, worker] {
      SqlClient sql(world.db.conninfo());
      std::mt19937 random(seed + 100 + worker);
      const char* actions[] = {"cancel_task", "pause_task", "resume_task", "pause_task", "resume_task"};
      for (int i = 0; i < 200; ++i) sql.exec(sql_function(actions[random() % 5], tasks[random() % tasks.size()]));
    });
  }
  for (auto& thread : threads) thread.join();
  EXPECT_EQ(world.sql.value("select deadlocks from pg_stat_database where datname = current_database()"), "0");
  for (const TaskId task : tasks) EXPECT_EQ(world.settle(task), 0) << "task " << raw(task);
  world.check_rows();
}

// Both hosts end one of the last two steps, one of them for good in failure, in transactions that overlap.
TEST(EndOfTaskRaces, TwoHostsEndingTheLastTwoStepsEndTheTask) {
  for (const std::string second_outcome : {"fail", "ok"}) {
    PgWorld world;
    const auto two = world.publish("two", "a; b");
    const auto submitted = world.submit(two.template_id);
    const HostId other = world.another_host();
    world.sql.exec("update tasker.step set host_id = " + std::to_string(raw(other)) + " where ord = 2");
    const auto call = [&](HostId host, int ord, const std::string& outcome) {
      return "select kind from tasker.complete_steps(" + std::to_string(raw(host)) + ", '{64}', '{" +
             std::to_string(ord) + "}', '{1}', '{" + outcome + "}', '{}', '{}', '{}', '{}', '{1}', '{1}', '{}', null, 5,"
             " '{1}', clock_timestamp())";
    };
    SqlClient first(world.db.conninfo()), second(world.db.conninfo());
    first.exec("begin");
    const auto early = first.rows(call(world.host(), 1, "fail"));
    EXPECT_TRUE(early.empty()) << "the task still has a step in progress";
    second.start(call(other, 2, second_outcome));
    world.sql.wait_until_blocked(second.backend_pid());
    first.exec("commit");
    const auto late = second.finish();
    ASSERT_TRUE(late.ok()) << late.message;
    ASSERT_EQ(late.rows.size(), 1u) << second_outcome;
    EXPECT_EQ(late.rows[0][0], "e");
    EXPECT_EQ(world.task_state(submitted.tasks[0]), "error");
    EXPECT_EQ(world.settle(submitted.tasks[0]), 0);
  }
}

TEST(EndOfTaskRaces, AnExhaustedStepLeavesTheTaskInProgressWhileOthersMove) {
  PgWorld world;
  const auto two = world.publish("two", "a; b; c: b");
  const auto submitted = world.submit(two.template_id);
  auto answer = world.complete({finished(submitted.claimed[0], OutcomeKind::fail)});
  EXPECT_TRUE(answer.ended.empty());
  EXPECT_EQ(world.task_state(submitted.tasks[0]), "in_progress");
  answer = world.complete({finished(submitted.claimed[1])});
  EXPECT_TRUE(answer.ended.empty());
  answer = world.complete({finished(answer.claimed.at(0))});
  ASSERT_EQ(answer.ended.size(), 1u);
  EXPECT_FALSE(answer.ended[0].complete);
  EXPECT_EQ(world.task_state(submitted.tasks[0]), "error");
  EXPECT_EQ(world.settle(submitted.tasks[0]), 0);
}

}  // namespace
}  // namespace tasker::test
