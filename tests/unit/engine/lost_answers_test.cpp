// Answers that got lost: what the database counts as this host's is compared with what it holds, after every failed call
// and now and then; whatever comes twice is taken once.
#include "support/story.h"

namespace tasker::test {
namespace {

using namespace std::chrono_literals;
using Names = std::vector<std::string>;

const Error kAway{Code::database_unavailable, "the database is away", Retry::later};

engine::EngineOptions one_worker() {
  engine::EngineOptions options;
  options.workers = 1;
  options.start_within = 1h;
  return options;
}

// One attempt runs, one waits in the pool, and the step of a third task is in the queue: the host has no room for it.
struct Busy : Story {
  Busy() : Story("a", one_worker()) {
    submit(3);
    advance(5s);  // past the comparison that follows the start
  }
  // As if a claim in this host's name had been committed and its answer had gone astray.
  void claim_unseen() {
    const auto plugins = std::make_shared<const std::vector<PluginId>>(std::vector{PluginId{1}});
    const auto lane = static_cast<Lane>(raw(last()) % store.lanes());
    store.claim({host, lane, 1, plugins}, [](const auto&) {});
    ASSERT_EQ(state("a", last()), "in_progress");
  }
  TaskId last() const { return store.tasks().back(); }
  void finish_two() {
    finish("a");
    finish("a");
    ASSERT_EQ(running(), Names{});
  }
};

TEST(LostAnswers, StepsThatOnlyTheDatabaseKnowsAreFoundNowAndThen) {
  Busy story;
  story.claim_unseen();
  story.finish_two();
  story.advance(200s);
  EXPECT_EQ(story.running(), Names{}) << "a look reads all open tasks: it is seldom";
  story.advance(110s);
  EXPECT_EQ(story.running(), Names{"a"});
  story.finish("a");
  EXPECT_EQ(story.task_state(story.last()), "complete");
}

TEST(LostAnswers, StepsThatOnlyTheDatabaseKnowsAreFoundSoonAfterAFailedCall) {
  Busy story;
  story.store.fail_next("claim", kAway, true);
  story.finish_two();
  ASSERT_EQ(story.state("a", story.last()), "in_progress");
  story.advance(10s);
  EXPECT_EQ(story.running(), Names{"a"});
}

// The first look may be older than what the host has recorded meanwhile; a second one a second later tells.
TEST(LostAnswers, AStepRecordedWhileTheDatabaseWasAskedDoesNotRunAgain) {
  Story story("a");
  story.store.hold_next("held");
  story.submit();
  story.advance(1s);
  story.finish("a");
  ASSERT_EQ(story.task_state(), "complete");
  story.store.release();
  story.executor.run();
  EXPECT_EQ(story.running(), Names{});
  story.advance(10s);
  EXPECT_EQ(story.running(), Names{});
}

// The completion is repeated for so long that its child is found by comparison first.
TEST(LostAnswers, AChildThatComesTwiceRunsOnce) {
  Story story("a\nb: a");
  story.submit();
  story.advance(5s);
  story.store.fail_next("complete", kAway, true);
  for (int i = 0; i < 9; ++i) story.store.fail_next("complete", kAway, false);
  story.finish("a");
  story.advance(4'500ms);
  ASSERT_EQ(story.running(), Names{"b"});
  const auto before = story.engine->stats().steps_completed.load();
  story.advance(20s);
  ASSERT_EQ(story.engine->stats().steps_completed.load(), before + 1) << "the completion was answered in the end";
  EXPECT_EQ(story.running(), Names{"b"});
}

}  // namespace
}  // namespace tasker::test
