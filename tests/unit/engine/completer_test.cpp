// The order in which an answer to a batch is dealt with: the next batch first, then what the answer brought.
#include "support/story.h"

namespace tasker::test {
namespace {

using namespace std::chrono_literals;

// The connection would else wait for the strand.
TEST(Completer, TheNextBatchIsSentBeforeTheAnswerIsHandled) {
  engine::EngineOptions options;
  options.working_set_bytes = 1;  // keeps a single task: the child that the answer brings is read
  Story story("a\nb: a", options);
  const TaskId first = story.submit();
  story.submit();
  const TaskId third = story.submit();  // of the same writer as the first
  story.store.hold_next("complete");
  story.finish("a", "1", first);
  story.finish("a", "2", third);
  const auto before = static_cast<std::ptrdiff_t>(story.store.calls().size());
  story.store.release();
  story.executor.run();
  const auto calls = story.store.calls();
  std::vector<std::string> after(calls.begin() + before, calls.end());
  std::erase(after, "heartbeat");  // of a thread of its own, which begins when it likes
  ASSERT_GE(after.size(), 2u);
  EXPECT_EQ(after[0], "complete");
  EXPECT_EQ(after[1], "load");
}

// What the first call claimed is not held yet when the second one asks for room: its reservation still stands for it.
TEST(Completer, WhatABatchAskedForIsNotGivenAwayASecondTime) {
  engine::EngineOptions options;
  options.workers = 4;  // and as many ahead
  Story story("a\nb1: a\nb2: a\nb3: a\nb4: a\nb5: a\nb6: a", options);
  const TaskId first = story.submit();
  story.submit();
  const TaskId third = story.submit();
  story.store.hold_next("complete");
  story.finish("a", "1", first);
  story.finish("a", "2", third);
  story.store.release();
  story.executor.run();
  const auto claimed = [&](TaskId task) {
    int count = 0;
    for (const char* step : {"b1", "b2", "b3", "b4", "b5", "b6"}) count += story.state(step, task) == "in_progress" ? 1 : 0;
    return count;
  };
  EXPECT_EQ(claimed(first), 6);
  EXPECT_EQ(claimed(third), 3) << "the place of a, and what the four threads and the four places ahead have left";
}

}  // namespace
}  // namespace tasker::test
