// What becomes of a host's work when it leaves or dies: found by others however the host went, and rightly ended where its
// task was cancelled meanwhile.
#include "support/pg_world.h"

namespace tasker::test {
namespace {

class Takeover : public ::testing::Test {
 protected:
  Takeover() : shape(world.publish("two", "a; b: a")), other(world.another_host()) {}

  int reclaim() {
    return *await<int>([&](auto reply) { world.store().reclaim(other, {world.host()}, reply); });
  }
  int leave() {
    return *await<int>([&](auto reply) { world.store().leave(world.host(), reply); });
  }
  std::vector<engine::Heartbeat> beat() {
    return *await<std::vector<engine::Heartbeat>>([&](auto reply) { world.store().heartbeat(other, reply); });
  }

  PgWorld world;
  Published shape;
  HostId other{};
};

// A host that left is told like a dead one until somebody has looked at what it held.
TEST_F(Takeover, OthersAreToldOfAHostThatLeftWithSteps) {
  const TaskId task = world.submit_one(shape.template_id);
  EXPECT_EQ(world.sql.value("select count(*) from tasker.host_plugin"), "1");
  EXPECT_EQ(leave(), 1);
  EXPECT_EQ(world.sql.value("select count(*) from tasker.host_plugin"), "0") << "it offers no handlers any more";
  const auto told = beat();
  ASSERT_EQ(told.size(), 1u);
  EXPECT_EQ(told[0].host, world.host());
  EXPECT_EQ(told[0].counter, -1);
  EXPECT_EQ(reclaim(), 1);
  EXPECT_EQ(world.step_state({task, 1}), "ready");
  EXPECT_TRUE(beat().empty());
}

TEST_F(Takeover, ALostStepOfACancelledTaskEndsWithIt) {
  const TaskId task = world.submit_one(shape.template_id);
  world.cancel(task);
  EXPECT_EQ(world.sql.value("select finished_at is null from tasker.task"), "t") << "its step still runs";
  EXPECT_EQ(reclaim(), 1);
  EXPECT_EQ(world.step_state({task, 1}), "cancelled");
  EXPECT_EQ(world.task_state(task), "cancelled");
  EXPECT_EQ(world.sql.value("select finished_at is null from tasker.task"), "f");
  EXPECT_EQ(world.settle(task), 0);
}

TEST_F(Takeover, AStepOfACancelledTaskThatIsHandedBackEndsWithIt) {
  const auto claimed = world.submit(shape.template_id).claimed.at(0);
  world.cancel(claimed.step.task);
  EXPECT_EQ(*await<int>([&](auto reply) { world.store().hand_back(world.host(), {{claimed.step, claimed.claim_no}}, reply); }), 1);
  EXPECT_EQ(world.step_state(claimed.step), "cancelled");
  EXPECT_EQ(world.settle(claimed.step.task), 0);
}

// Lost attempts are counted apart, so the innocent step still has its whole budget of attempts.
TEST_F(Takeover, SpendsNothingOfTheBudget) {
  const TaskId task = world.submit_one(shape.template_id);
  HostId holder = world.host();
  for (int death = 0; death < 4; ++death) {
    EXPECT_EQ(*await<int>([&](auto reply) { world.store().reclaim(other, {holder}, reply); }), 1);
    holder = world.another_host();
    ASSERT_EQ(world.claim(task, 1, holder).size(), 1u);
  }
  EXPECT_EQ(world.sql.value("select attempts || ' ' || lost from tasker.step where ord = 1"), "0 4");
}

}  // namespace
}  // namespace tasker::test
