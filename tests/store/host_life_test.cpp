// The lives of hosts: every call is guarded by its host's row, the claim number is the fence and only grows, a repeated
// call has the same answer, lost attempts have a budget of their own, takeover is bounded and goes by what is, and the
// task's revision comes with every claim.
#include "store/pg_reader.h"
#include "support/pg_world.h"

namespace tasker::test {
namespace {

using model::OutcomeKind;

int reclaim(PgWorld& world, HostId by, HostId dead) {
  const auto count = await<int>([&](auto reply) { world.store().reclaim(by, {dead}, reply); });
  EXPECT_TRUE(count) << count.error().message;
  return count ? *count : -1;
}

TEST(HostGuard, ACallInFlightIsOverBeforeItsHostIsTakenOver) {
  PgWorld world;
  const auto linear = world.publish("linear", "a; b: a");
  const auto submitted = world.submit(linear.template_id);
  const HostId other = world.another_host();
  SqlClient flight(world.db.conninfo());
  flight.exec("begin");
  flight.exec("select * from tasker.complete_steps(1, '{64}', '{1}', '{1}', '{ok}', '{}', '{}', '{}', '{}',"
              " '{1}', '{1}', '{}', null, 5, '{1}', clock_timestamp())");
  SqlClient taker(world.db.conninfo());
  taker.start("select tasker.reclaim_dead_hosts(" + std::to_string(raw(other)) + ", '{1}', clock_timestamp())");
  world.sql.wait_until_blocked(taker.backend_pid());
  flight.exec("commit");
  ASSERT_TRUE(taker.finish().ok());
  EXPECT_EQ(world.step_state({submitted.tasks[0], 2}), "in_progress") << "claimed by the dead host's last call";
  EXPECT_EQ(reclaim(world, other, world.host()), 1);
  EXPECT_EQ(world.step_state({submitted.tasks[0], 2}), "ready");
  world.check_rows();
}

TEST(HostGuard, ADeadHostIsRefusedByEveryVerb) {
  PgWorld world;
  const auto one = world.publish("one", "a; b");
  const auto submitted = world.submit(one.template_id);
  const HostId other = world.another_host();
  EXPECT_EQ(reclaim(world, other, world.host()), 2);
  const auto is_dead = [](const auto& result) { return !result && result.error().code == Code::host_dead; };
  EXPECT_TRUE(is_dead(world.try_complete({finished(submitted.claimed[0])})));
  engine::SubmitRequest submit{world.host(), std::vector<engine::NewTask>(1), 1, world.plugins()};
  submit.tasks[0].template_id = one.template_id;
  EXPECT_TRUE(is_dead(await<engine::SubmitAnswer>([&](auto reply) { world.store().submit(submit, reply); })));
  const engine::ClaimRequest claim{world.host(), 0, 1, world.plugins()};
  EXPECT_TRUE(is_dead(await<std::vector<engine::ClaimedStep>>([&](auto reply) { world.store().claim(claim, reply); })));
  EXPECT_TRUE(is_dead(await<std::vector<engine::Heartbeat>>([&](auto reply) { world.store().heartbeat(world.host(), reply); })));
  EXPECT_TRUE(is_dead(await<int>([&](auto reply) { world.store().hand_back(world.host(), {{{submitted.tasks[0], 1}, 1}}, reply); })));
  EXPECT_TRUE(is_dead(await<int>([&](auto reply) { world.store().reclaim(world.host(), {other}, reply); })));
  EXPECT_EQ(world.sql.value("select count(*) from tasker.task"), "1");
}

// It would call functions that are gone, and its beats would keep its steps from everybody else.
TEST(HostGuard, AProgramOlderThanABreakingMigrationIsToldSo) {
  PgWorld world;
  const auto beat = [&] { return await<std::vector<engine::Heartbeat>>([&](auto reply) { world.store().heartbeat(world.host(), reply); }); };
  world.sql.exec("insert into tasker.migration (number, name, breaking) values (9001, '9001_new_columns', false)");
  EXPECT_TRUE(beat()) << "what is only added disturbs nobody";
  world.sql.exec("insert into tasker.migration (number, name, breaking) values (9002, '9002_other_batches', true)");
  const std::string before = world.sql.value("select heartbeat from tasker.host");
  const auto refused = beat();
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::database_newer);
  EXPECT_NE(refused.error().message.find("9002_other_batches"), std::string::npos) << refused.error().message;
  EXPECT_EQ(world.sql.value("select heartbeat from tasker.host"), before) << "others see it stand still";
  const auto anew = await<HostId>([&](auto reply) { world.store().register_host({"h", "1", "p"}, reply); });
  ASSERT_FALSE(anew);
  EXPECT_EQ(anew.error().code, Code::database_newer);
}

TEST(ClaimNumber, TheFenceOnlyGrows) {
  PgWorld world;
  const auto one = world.publish("one", "a");
  auto claimed = world.submit(one.template_id).claimed;
  const TaskId task = claimed[0].step.task;
  std::vector<engine::ClaimedStep> old = claimed;
  const auto claim_again = [&](HostId host) {
    claimed = world.claim(task, 1, host);
    ASSERT_EQ(claimed.size(), 1u);
    EXPECT_EQ(claimed[0].claim_no, old.back().claim_no + 1);
    old.push_back(claimed[0]);
  };
  auto again = finished(claimed[0], OutcomeKind::retry, "");
  world.complete({again});
  claim_again(world.host());
  again = finished(claimed[0], OutcomeKind::wait, "");
  world.complete({again});
  claim_again(world.host());
  EXPECT_EQ(claimed[0].attempt, 2) << "waiting spends no attempt";
  *await<int>([&](auto reply) { world.store().hand_back(world.host(), {{claimed[0].step, claimed[0].claim_no}}, reply); });
  claim_again(world.host());
  const HostId other = world.another_host();
  EXPECT_EQ(reclaim(world, other, world.host()), 1);
  claim_again(other);
  EXPECT_EQ(claimed[0].attempt, 2) << "a lost attempt spends none of the budget";

  // Every earlier fence is refused, and writes nothing.
  const HostId third = world.another_host();
  world.sql.exec("update tasker.host set alive = true where host_id = 1");
  for (std::size_t i = 0; i + 1 < old.size(); ++i) {
    const auto answer = world.complete({finished(old[i], OutcomeKind::ok, "{\"late\":true}")}, 5, third);
    EXPECT_EQ(answer.stale.size(), 1u) << i;
  }
  const auto late = world.complete({finished(old[3])});
  ASSERT_EQ(late.stale.size(), 1u);
  EXPECT_EQ(late.stale[0].claim_no, old[3].claim_no);
  EXPECT_EQ(world.step_state(claimed[0].step), "in_progress");
  world.complete({finished(claimed[0])}, 5, other);
  EXPECT_EQ(world.task_state(task), "complete");
  EXPECT_EQ(world.sql.value("select string_agg(outcome::text, ' ' order by claim_no) from tasker.attempt"),
            "retry wait lost ok");
}

TEST(LostAnswer, ARepeatedCompleteHasTheSameAnswer) {
  PgWorld world;
  const auto fork = world.publish("fork", "a; b: a; c: a; d: b c");
  const auto submitted = world.submit(fork.template_id);
  const std::vector batch = {finished(submitted.claimed[0])};
  const auto first = world.complete(batch);
  const auto second = world.complete(batch);
  ASSERT_EQ(first.claimed.size(), 2u);
  ASSERT_EQ(second.claimed.size(), 2u);
  EXPECT_TRUE(second.stale.empty());
  for (std::size_t i = 0; i < 2; ++i) {
    EXPECT_EQ(first.claimed[i].step, second.claimed[i].step);
    EXPECT_EQ(first.claimed[i].claim_no, second.claimed[i].claim_no);
    EXPECT_EQ(first.claimed[i].attempt, second.claimed[i].attempt);
  }
  EXPECT_EQ(world.sql.value("select count(*) from tasker.attempt"), "1");
  const auto rest = world.complete({finished(first.claimed[0]), finished(first.claimed[1])});
  const std::vector last = {finished(rest.claimed.at(0))};
  EXPECT_EQ(world.complete(last).ended.size(), 1u);
  const auto repeated = world.complete(last);
  ASSERT_EQ(repeated.ended.size(), 1u);
  EXPECT_TRUE(repeated.ended[0].complete);
  EXPECT_EQ(world.settle(submitted.tasks[0]), 0);
}

TEST(LostAnswer, ARepeatedSubmitCreatesNothing) {
  PgWorld world;
  world.publish("one", "a");
  const std::string call =
      "select task_id, ord, claim_no from tasker.submit_tasks(1, '{640,641}', '{1,1}', '{}', '{}', '{}', '{}', '{}', '{}', '{}',"
      " '{}', 10, '{1}', clock_timestamp()) where task_id <> 0 order by 1";
  const auto first = world.sql.rows(call);
  EXPECT_EQ(first.size(), 2u);
  EXPECT_EQ(world.sql.rows(call), first);
  EXPECT_EQ(world.sql.value("select count(*) from tasker.task"), "2");
  world.check_rows();
}

TEST(LostBudget, LostAttemptsHaveABudgetOfTheirOwn) {
  PgWorld world;
  const auto one = world.publish("one", "a");
  auto claimed = world.submit(one.template_id).claimed;
  const TaskId task = claimed[0].step.task;
  const HostId observer = world.another_host();
  HostId holder = world.host();
  for (int death = 1; death <= 5; ++death) {
    EXPECT_EQ(reclaim(world, observer, holder), 1);
    if (death == 5) break;
    EXPECT_EQ(world.step_state({task, 1}), "ready") << "after " << death;
    holder = world.another_host();
    claimed = world.claim(task, 1, holder);
    ASSERT_EQ(claimed.size(), 1u);
    EXPECT_EQ(claimed[0].attempt, 1);
  }
  EXPECT_EQ(world.step_state({task, 1}), "error");
  EXPECT_EQ(world.task_state(task), "error");
  EXPECT_EQ(world.sql.value("select error_code from tasker.attempt order by claim_no desc"), "step.lost_too_often");
  EXPECT_EQ(world.sql.value("select count(*) from tasker.attempt where outcome = 'lost'"), "5");
  world.check_rows();
}

TEST(TakeoverRounds, TakeoverFindsWhateverADeadHostHoldsAndIsBounded) {
  PgWorld world;
  const auto two = world.publish("two", "a; b");
  const auto submitted = world.submit(two.template_id, 64);
  ASSERT_EQ(submitted.claimed.size(), 128u);
  const HostId other = world.another_host();
  // A round that ended after the host was declared dead, and before anything came back.
  world.sql.exec("select tasker.reclaim_dead_hosts(" + std::to_string(raw(other)) + ", '{1}', clock_timestamp())");
  const auto beats = *await<std::vector<engine::Heartbeat>>([&](auto reply) { world.store().heartbeat(other, reply); });
  ASSERT_EQ(beats.size(), 1u);
  EXPECT_EQ(beats[0].counter, -1) << "other hosts are told to go on";
  const auto batch = std::stoi(world.sql.value("select tasker.reclaim_steps(" + std::to_string(raw(other)) +
                                               ", 0::smallint, 3, clock_timestamp())"));
  EXPECT_GE(batch, 3);
  EXPECT_LE(batch, 4) << "the batch is bounded: whole tasks, as few as hold three steps";
  EXPECT_EQ(reclaim(world, other, world.host()), 128 - batch);
  EXPECT_EQ(reclaim(world, other, world.host()), 0);
  EXPECT_TRUE((*await<std::vector<engine::Heartbeat>>([&](auto reply) { world.store().heartbeat(other, reply); })).empty());
  EXPECT_EQ(world.sql.value("select count(*) from tasker.ready_step"), "128");
  world.check_rows();
}

TEST(TakeoverRounds, ALockedRowKeepsBackItsLaneOnly) {
  store::PgStore::Options options;
  options.settings.lock_timeout = std::chrono::milliseconds(200);
  PgWorld world(options);
  const auto one = world.publish("one", "a");
  const auto claimed = world.submit(one.template_id, 2).claimed;
  SqlClient holder(world.db.conninfo());
  holder.exec("begin");
  holder.exec("select from tasker.step where task_id = " + text_of(claimed[0].step.task) + " for update");
  const HostId observer = world.another_host();
  const auto round = [&] {
    return await<int>([&](auto reply) { world.store().reclaim(observer, {world.host()}, reply); });
  };
  const auto first = round();
  ASSERT_FALSE(first.has_value());
  EXPECT_EQ(first.error().code, Code::database_locked);
  EXPECT_EQ(world.step_state(claimed[0].step), "in_progress");
  EXPECT_EQ(world.step_state(claimed[1].step), "ready");
  EXPECT_EQ(world.sql.value("select released from tasker.host where host_id = 1"), "f") << "it still holds a step";
  holder.exec("rollback");
  EXPECT_EQ(*round(), 1);
  EXPECT_EQ(world.step_state(claimed[0].step), "ready");
}

// Takes as long as a lane with very many open tasks.
void make_slow(PgWorld& world, const std::string& function, const std::string& declared, const std::string& passed) {
  const std::string quick = "tasker." + function + "_quick";
  const std::string returns = world.sql.value("select pg_get_function_result('tasker." + function + "'::regproc)");
  world.sql.exec("alter function tasker." + function + " rename to " + function + "_quick");
  world.sql.exec("create function tasker." + function + "(" + declared + ") returns " + returns + " language plpgsql as $$"
                 " begin perform pg_sleep(case p_lane when 0 then 0.8 else 0 end);"
                 " return query select * from " + quick + "(" + passed + "); end $$");
}

TEST(TakeoverRounds, TakeoverHasAStatementTimeoutOfItsOwn) {
  store::PgStore::Options options;
  options.settings.statement_timeout = std::chrono::milliseconds(400);
  PgWorld world(options);
  const auto one = world.publish("one", "a");
  const auto claimed = world.submit(one.template_id, 2).claimed;
  ASSERT_EQ(lane_of(claimed[0].step.task), 0);
  world.sql.exec("alter function tasker.reclaim_steps rename to reclaim_steps_quick");
  world.sql.exec("create function tasker.reclaim_steps(h int, lane smallint, most int, at timestamptz) returns int language sql"
                 " as $$ select pg_sleep(case lane when 0 then 0.8 else 0 end);"
                 " select tasker.reclaim_steps_quick(h, lane, most, at) $$");
  const HostId other = world.another_host();
  EXPECT_EQ(reclaim(world, other, world.host()), 2);

  make_slow(world, "claim_steps", "p_host int, p_lane smallint, p_plugins int[], p_room int, p_now timestamptz",
            "p_host, p_lane, p_plugins, p_room, p_now");
  const engine::ClaimRequest claim{other, 0, 1, world.plugins()};
  const auto slow = await<std::vector<engine::ClaimedStep>>([&](auto reply) { world.store().claim(claim, reply); });
  ASSERT_FALSE(slow) << "the writer's other statements keep theirs";
  EXPECT_EQ(slow.error().code, Code::database_locked);
}

TEST(LostAnswer, LookingForLostClaimsKeepsNoReaderWaiting) {
  PgWorld world;
  const auto one = world.publish("one", "a");
  const auto submitted = world.submit(one.template_id);
  SqlClient holder(world.db.conninfo());
  holder.exec("begin");
  holder.exec("lock table tasker.step in access exclusive mode");
  Awaited<std::vector<engine::ClaimedStep>> held;
  world.store().held(world.host(), held.reply());
  world.sql.wait_for("select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'", "1");
  const auto ping = await<engine::Micros>([&](auto reply) { world.store().reader().ping(reply); });
  EXPECT_TRUE(ping);
  EXPECT_FALSE(held.is_there());
  holder.exec("rollback");
  const auto steps = held.get();
  ASSERT_TRUE(steps) << steps.error().message;
  ASSERT_EQ(steps->size(), 1u);
  EXPECT_EQ(steps->at(0).step, submitted.claimed[0].step);
}

TEST(TakeoverRounds, AHostThatLeavesGivesUpWhatItStillHolds) {
  PgWorld world;
  const auto one = world.publish("one", "a");
  world.submit(one.template_id);
  const HostId other = world.another_host();
  EXPECT_EQ(*await<int>([&](auto reply) { world.store().leave(world.host(), reply); }), 1);
  EXPECT_EQ(reclaim(world, other, world.host()), 1);
  EXPECT_EQ(world.sql.value("select released from tasker.host where host_id = 1"), "t");
}

TEST(Revision, TheRevisionComesWithEveryClaim) {
  PgWorld world;
  const auto linear = world.publish("linear", "a; b: a; c: b");
  auto claimed = world.submit(linear.template_id).claimed;
  EXPECT_EQ(claimed[0].revision, 0);
  world.sql.exec("update tasker.task set revision = 3");
  claimed = world.complete({finished(claimed[0])}).claimed;
  EXPECT_EQ(claimed.at(0).revision, 3);
  const auto inputs = *await<std::vector<engine::StepInputs>>([&](auto reply) { world.store().load({claimed[0].step}, reply); });
  EXPECT_EQ(inputs.at(0).revision, 3);
  const auto held = *await<std::vector<engine::ClaimedStep>>([&](auto reply) { world.store().held(world.host(), reply); });
  EXPECT_EQ(held.at(0).revision, 3);
  auto again = finished(claimed[0], OutcomeKind::retry, "");
  world.complete({again});
  EXPECT_EQ(world.claim(claimed[0].step.task).at(0).revision, 3);
}

TEST(Heartbeat, CountersOfOthersGrow) {
  PgWorld world;
  const HostId other = world.another_host();
  const auto beat = [&](HostId host) {
    return *await<std::vector<engine::Heartbeat>>([&](auto reply) { world.store().heartbeat(host, reply); });
  };
  const auto before = beat(other).at(0);
  EXPECT_EQ(before.host, world.host());
  EXPECT_EQ(before.process, "process");
  beat(world.host());
  EXPECT_EQ(beat(other).at(0).counter, before.counter + 1);
}

}  // namespace
}  // namespace tasker::test
