// What this host claimed and cannot start soon goes back unspent, for whoever can; what runs stays.
#include <algorithm>

#include "support/story.h"

namespace tasker::test {
namespace {

using namespace std::chrono_literals;

TEST(HandBack, AClaimThatNoThreadEntersInTimeGoesBack) {
  engine::EngineOptions options;
  options.workers = 1;
  Story story("a", options);
  const TaskId first = story.submit();
  const TaskId second = story.submit();
  ASSERT_EQ(story.state("a", second), "in_progress") << "claimed ahead";
  const auto handed_back = [&] { return story.engine->stats().handed_back.load(); };
  story.advance(1'900ms);
  EXPECT_EQ(handed_back(), 0u);
  story.advance(700ms);
  EXPECT_EQ(handed_back(), 1u);
  story.advance(10s);
  EXPECT_GT(story.step_row("a", second).claim_no, 1) << "it was free, and claimed anew";
  EXPECT_EQ(story.step_row("a", second).attempts, 0);
  EXPECT_EQ(story.step_row("a", first).claim_no, 1) << "its handler runs";
}

// At a quick rate this host claims hundreds ahead; once its handlers are slow they would keep it busy for a minute, while
// others have nothing to do.
TEST(HandBack, WhatWasClaimedAtAQuickRateGoesBackWhenTheHandlersBecomeSlow) {
  engine::EngineOptions options;
  options.workers = 4;
  options.start_within = 1h;
  Story story("a", options);
  std::vector<TaskId> tasks;
  for (int i = 0; i < 1'000; ++i) tasks.push_back(story.submit());
  const auto held_here = [&] {
    return std::count_if(tasks.begin(), tasks.end(), [&](TaskId task) { return story.state("a", task) == "in_progress"; });
  };
  const auto finish_running = [&](std::size_t most) {
    for (const TaskId task : story.running_tasks())
      if (most-- > 0) story.finish("a", "{}", task);
  };
  for (int i = 0; i < 125; ++i) {
    finish_running(4);
    story.advance(1ms);
  }
  ASSERT_GT(held_here(), 200) << "nothing is hoarded: the test does not test";
  for (int i = 0; i < 6; ++i) {
    story.advance(100ms);
    finish_running(1);
  }
  EXPECT_GT(story.engine->stats().handed_back.load(), 0u);
  EXPECT_LT(held_here(), 100);
}

}  // namespace
}  // namespace tasker::test
