// The end of a task when an operator was there first: what still runs is recorded, and the operator's word stands.
#include "support/pg_world.h"

namespace tasker::test {
namespace {

TEST(EndOfTask, ACancelledTaskStaysCancelledWhenItsLastStepSucceeds) {
  PgWorld world;
  const auto one = world.publish("one", "a");
  const auto claimed = world.submit(one.template_id).claimed.at(0);
  world.cancel(claimed.step.task);
  EXPECT_TRUE(world.complete({finished(claimed)}).claimed.empty());
  EXPECT_EQ(world.step_state(claimed.step), "complete");
  EXPECT_EQ(world.task_state(claimed.step.task), "cancelled");
  EXPECT_EQ(world.sql.value("select finished_at is not null from tasker.task"), "t");
  EXPECT_EQ(world.settle(claimed.step.task), 0);
}

TEST(EndOfTask, APausedTaskThatFailedEndsWhenItIsResumed) {
  PgWorld world;
  const auto one = world.publish("one", "a");
  const auto claimed = world.submit(one.template_id).claimed.at(0);
  world.pause(claimed.step.task);
  EXPECT_TRUE(world.complete({finished(claimed, model::OutcomeKind::fail)}).ended.empty());
  EXPECT_EQ(world.task_state(claimed.step.task), "paused");
  EXPECT_EQ(world.settle(claimed.step.task), 0);
  EXPECT_TRUE(world.resume(claimed.step.task));
  EXPECT_EQ(world.task_state(claimed.step.task), "error");
}

}  // namespace
}  // namespace tasker::test
