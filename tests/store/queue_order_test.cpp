// The queue: served by priority, then by the time a step fell due, across all plugins; holding what is due and may run.
#include "support/pg_world.h"

namespace tasker::test {
namespace {

std::int64_t claim_one(PgWorld& world) {
  const auto claimed = world.claim(static_cast<TaskId>(64), 1);
  return claimed.empty() ? 0 : raw(claimed[0].step.task);
}

// One task a call, all of lane 0: 64, 80, 96, ...
void submit(PgWorld& world, const Published& published, int priority) {
  engine::SubmitRequest request{world.host(), std::vector<engine::NewTask>(16), 0, world.plugins()};
  for (auto& task : request.tasks) {
    task.template_id = published.template_id;
    task.priority = priority;
  }
  *await<engine::SubmitAnswer>([&](auto reply) { world.store().submit(request, reply); });
}

TEST(QueueOrder, PriorityCountsAcrossPlugins) {
  PgWorld world;
  const auto first = world.publish("first", "a");
  const auto second = world.publish("second", "a");
  submit(world, first, 5);
  submit(world, second, 1);
  submit(world, second, 7);
  submit(world, first, 6);
  for (const int next : {80, 64, 112, 96}) EXPECT_EQ(claim_one(world), next);
}

TEST(QueueOrder, OfOnePriorityTheLongestDueComesFirst) {
  PgWorld world;
  const auto first = world.publish("first", "a");
  const auto second = world.publish("second", "a");
  submit(world, first, 5);
  submit(world, first, 5);
  submit(world, second, 5);
  for (const char* table : {"step", "ready_step"}) {
    world.sql.exec(std::string("update tasker.") + table + " set run_at = run_at - task_id * interval '1 minute' where task_id >= 80");
  }
  EXPECT_EQ(claim_one(world), 96);
  EXPECT_EQ(claim_one(world), 80);
  EXPECT_EQ(claim_one(world), 64);
}

// Room goes to children in the order of (task, ord), whatever the order of the batch; the rest is queued.
TEST(QueueOrder, ChildrenAreClaimedInTheOrderOfTheirSteps) {
  PgWorld world;
  const auto fan = world.publish("fan", "a; c: a; b: a; d: a");
  const auto first = world.submit(fan.template_id, 17);  // the first and the last are of one lane
  ASSERT_EQ(first.claimed.size(), 17u);
  const auto answer = world.complete({finished(first.claimed[16]), finished(first.claimed[0])}, 4);
  std::vector<std::pair<std::int64_t, int>> claimed;
  for (const auto& step : answer.claimed) claimed.emplace_back(raw(step.step.task), step.step.ord);
  const std::int64_t one = raw(first.tasks[0]), two = raw(first.tasks[16]);
  EXPECT_EQ(claimed, (std::vector<std::pair<std::int64_t, int>>{{one, 2}, {one, 3}, {one, 4}, {two, 2}}));
  EXPECT_EQ(world.sql.value("select string_agg(task_id || ' ' || ord, ', ' order by ord) from tasker.ready_step"),
            std::to_string(two) + " 3, " + std::to_string(two) + " 4");
}

std::string queues(PgWorld& world) {
  return world.sql.value("select (select count(*) from tasker.ready_step) || ' ready, ' ||"
                         " (select count(*) from tasker.delayed_step) || ' delayed'");
}

engine::PeekAnswer peek(PgWorld& world) {
  return *await<engine::PeekAnswer>([&](auto reply) { world.store().peek(world.plugins(), reply); });
}

TEST(QueueOrder, WhatIsNotDueStaysAmongTheDelayedWhenItsTaskIsSettled) {
  PgWorld world;
  const auto one = world.publish("one", "a");
  auto attempt = finished(world.submit(one.template_id).claimed.at(0), model::OutcomeKind::retry, "");
  attempt.delay = std::chrono::hours(1);
  world.complete({attempt});
  const TaskId task = attempt.fence.step.task;
  EXPECT_TRUE(world.pause(task));
  EXPECT_EQ(queues(world), "0 ready, 0 delayed");
  EXPECT_TRUE(world.resume(task));
  EXPECT_EQ(queues(world), "0 ready, 1 delayed");
  EXPECT_TRUE(peek(world).lanes.empty());
  world.pass(std::chrono::hours(2));
  EXPECT_EQ(peek(world).lanes, std::vector<Lane>{lane_of(task)}) << "due, though nobody has moved it yet";
  world.check_rows();
}

// What this host has not loaded is queued for others, both when a task is made and when a parent ends.
TEST(QueueOrder, StepsOfPluginsThatAreNotLoadedHereAreQueued) {
  PgWorld world;
  const auto linear = world.publish("linear", "a; b: a");
  const auto nothing = std::make_shared<const std::vector<PluginId>>();
  engine::SubmitRequest submit{world.host(), std::vector<engine::NewTask>(1), 10, nothing};
  submit.tasks[0].template_id = linear.template_id;
  const auto submitted = *await<engine::SubmitAnswer>([&](auto reply) { world.store().submit(submit, reply); });
  EXPECT_TRUE(submitted.claimed.empty());
  EXPECT_TRUE(submitted.queued);
  const auto claimed = world.claim(submitted.tasks[0]);
  ASSERT_EQ(claimed.size(), 1u);
  auto complete = std::make_shared<engine::CompleteRequest>();
  *complete = {world.host(), {finished(claimed[0])}, 10, nothing};
  const auto completed = *await<engine::CompleteAnswer>([&](auto reply) { world.store().complete(complete, reply); });
  EXPECT_TRUE(completed.claimed.empty());
  EXPECT_TRUE(completed.queued);
  world.check_rows();
}

// A completion claims as many children as its host has room for; the others are anybody's.
TEST(QueueOrder, ChildrenBeyondTheRoomAreQueued) {
  PgWorld world;
  const auto fork = world.publish("fork", "a; b: a; c: a; d: a");
  const auto submitted = world.submit(fork.template_id);
  const auto answer = world.complete({finished(submitted.claimed.at(0))}, 1);
  EXPECT_EQ(answer.claimed.size(), 1u);
  EXPECT_TRUE(answer.queued);
  EXPECT_EQ(queues(world), "2 ready, 0 delayed");
  EXPECT_EQ(world.claim(submitted.tasks[0]).size(), 2u);
  world.check_rows();
}

// A claim looks at the task as well, whatever stands in the queue.
TEST(QueueOrder, ARowOfATaskThatMayNotRunIsNotServed) {
  PgWorld world;
  const auto one = world.publish("one", "a");
  submit(world, one, 5);
  world.sql.exec("update tasker.task set state = 'paused' where task_id = 64");
  EXPECT_EQ(claim_one(world), 0);
}

}  // namespace
}  // namespace tasker::test
