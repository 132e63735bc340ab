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

}  // namespace
}  // namespace tasker::test
