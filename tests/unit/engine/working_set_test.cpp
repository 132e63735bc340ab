// What a host remembers of a task counts only while the task's revision is the very one it was read under.
#include "engine/working_set.h"

#include "support/story.h"

namespace tasker::test {
namespace {

using engine::WorkingSet;

std::shared_ptr<const std::string> text(const std::string& value) { return std::make_shared<const std::string>(value); }

TEST(WorkingSet, AnotherRevisionIsAMissOlderOrNewer) {
  for (const int asked : {2, 4}) {
    WorkingSet set(1 << 20);
    set.put(TaskId{1}, 3, text("{}"), "", "");
    set.add_result(TaskId{1}, 1, text("7"));
    ASSERT_NE(set.find(TaskId{1}, 3), nullptr);
    EXPECT_EQ(*set.find(TaskId{1}, 3)->result(1), "7");
    EXPECT_EQ(set.find(TaskId{1}, asked), nullptr);
    EXPECT_EQ(set.find(TaskId{1}, 3), nullptr) << "what is out of date is dropped";
  }
}

TEST(WorkingSet, AChildGetsWhatAnOperatorChangedMeanwhile) {
  Story story("a\nb: a");
  const TaskId task = story.submit(1, R"({"v":1})");
  story.store.change_context(task, R"({"v":2})");
  story.finish("a", "7");
  EXPECT_EQ(*story.input("b").context, R"({"v":2})");
  EXPECT_EQ(story.input("b").inputs, R"({"a":7})");
}

TEST(WorkingSet, ATaskThatWaitsLongIsForgotten) {
  for (const auto& [seconds, misses] : {std::pair(5, 0u), std::pair(60, 1u)}) {
    Story story("a\nb\nc: b");
    story.submit();
    engine::AttemptOutcome again;
    again.kind = model::OutcomeKind::retry;
    again.retry_after = std::chrono::seconds(seconds);
    story.end("a", again);
    story.finish("b");
    EXPECT_EQ(story.running(), std::vector<std::string>{"c"});
    EXPECT_EQ(story.engine->stats().working_set_misses.load(), misses) << seconds;
  }
}

}  // namespace
}  // namespace tasker::test
