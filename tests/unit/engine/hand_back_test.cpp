// What this host claimed and cannot start soon goes back unspent, for whoever can; what runs stays.
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

}  // namespace
}  // namespace tasker::test
