// The fence: the host together with a claim number that only grows. Whoever lost a claim writes nothing under it.
#include "support/pg_world.h"

namespace tasker::test {
namespace {

int hand_back(PgWorld& world, HostId host, const engine::ClaimedStep& claimed) {
  return *await<int>([&](auto reply) { world.store().hand_back(host, {{claimed.step, claimed.claim_no}}, reply); });
}

TEST(Fence, AnotherHostCannotUseIt) {
  PgWorld world;
  const auto linear = world.publish("linear", "a; b: a");
  const auto claimed = world.submit(linear.template_id).claimed.at(0);
  const HostId other = world.another_host();
  const auto answer = world.complete({finished(claimed)}, 5, other);
  EXPECT_EQ(answer.stale.size(), 1u);
  EXPECT_TRUE(answer.claimed.empty());
  EXPECT_EQ(hand_back(world, other, claimed), 0);
  EXPECT_EQ(world.step_state(claimed.step), "in_progress");
  EXPECT_EQ(world.sql.value("select count(*) from tasker.attempt"), "0");
}

TEST(Fence, HandingBackNeedsTheClaimItself) {
  PgWorld world;
  const auto one = world.publish("one", "a");
  const auto first = world.submit(one.template_id).claimed.at(0);
  EXPECT_EQ(hand_back(world, world.host(), first), 1);
  const auto second = world.claim(first.step.task).at(0);
  EXPECT_EQ(hand_back(world, world.host(), first), 0) << "an old claim gives nothing back";
  EXPECT_EQ(world.step_state(first.step), "in_progress");
  EXPECT_EQ(hand_back(world, world.host(), second), 1);
}

// A child may have been claimed before, as when an operator had its parent run again.
TEST(Fence, GrowsInClaimsThatACompletionMakes) {
  PgWorld world;
  const auto linear = world.publish("linear", "a; b: a");
  const auto submitted = world.submit(linear.template_id);
  world.sql.exec("update tasker.step set claim_no = 4 where ord = 2");
  EXPECT_EQ(world.complete({finished(submitted.claimed.at(0))}).claimed.at(0).claim_no, 5);
}

// A repeated call is answered to the host that made it: what others hold by now is theirs.
TEST(Fence, ARepeatedCallGetsOnlyWhatItsHostStillHolds) {
  PgWorld world;
  const auto fork = world.publish("fork", "a; b: a; c: a; d: a");
  const auto submitted = world.submit(fork.template_id);
  const std::vector batch = {finished(submitted.claimed.at(0))};
  const auto children = world.complete(batch).claimed;
  ASSERT_EQ(children.size(), 3u);
  EXPECT_EQ(hand_back(world, world.host(), children[0]), 1);
  const HostId other = world.another_host();
  ASSERT_EQ(world.claim(submitted.tasks[0], 1, other).size(), 1u);
  world.complete({finished(children[1])});
  world.sql.exec("update tasker.task set revision = 7");
  const auto repeated = world.complete(batch).claimed;
  ASSERT_EQ(repeated.size(), 1u);
  EXPECT_EQ(repeated[0].step, children[2].step);
  EXPECT_EQ(repeated[0].revision, 7);
  EXPECT_EQ(world.complete(batch, 5, other).stale.size(), 1u) << "another host never sent it";
}

TEST(Fence, ALostAttemptIsNoAnswerToItsLateOutcome) {
  PgWorld world;
  const auto one = world.publish("one", "a");
  const auto claimed = world.submit(one.template_id).claimed.at(0);
  const HostId observer = world.another_host();
  EXPECT_EQ(*await<int>([&](auto reply) { world.store().reclaim(observer, {world.host()}, reply); }), 1);
  world.sql.exec("update tasker.host set alive = true where host_id = 1");
  EXPECT_EQ(world.complete({finished(claimed)}).stale.size(), 1u);
}

TEST(Fence, ARepeatedSubmitGetsOnlyWhatItsHostStillHolds) {
  PgWorld world;
  world.publish("two", "a; b; c");
  const std::string call =
      "select ord, revision from tasker.submit_tasks(1, '{640}', '{1}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', '{}', 2, '{1}',"
      " clock_timestamp()) where task_id <> 0 order by 1";
  using Rows = std::vector<std::vector<std::string>>;
  EXPECT_EQ(world.sql.rows(call), (Rows{{"1", "0"}, {"2", "0"}}));
  const HostId other = world.another_host();
  ASSERT_EQ(world.claim(static_cast<TaskId>(640), 1, other).size(), 1u);
  world.sql.exec("update tasker.task set revision = 2");
  EXPECT_EQ(world.sql.rows(call), (Rows{{"1", "2"}, {"2", "2"}}));
  const auto held = [&](HostId host) {
    return (*await<std::vector<engine::ClaimedStep>>([&](auto reply) { world.store().held(host, reply); })).size();
  };
  EXPECT_EQ(held(world.host()), 2u);
  EXPECT_EQ(held(other), 1u);
}

}  // namespace
}  // namespace tasker::test
