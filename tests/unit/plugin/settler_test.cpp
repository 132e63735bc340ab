#include "plugin/settler.h"

#include <gtest/gtest.h>

namespace tasker::plugin {
namespace {

using std::chrono::milliseconds;
constexpr milliseconds kQuiet{300};

FileStamp of_size(std::int64_t size) {
  FileStamp stamp;
  stamp.size = size;
  return stamp;
}

TEST(Settler, WaitsUntilNothingHasChangedForTheQuietTime) {
  Settler settler;
  const Settler::Time start{};
  settler.note("a", of_size(1), start, kQuiet);
  EXPECT_TRUE(settler.take_due(start + milliseconds(299)).empty());
  settler.note("a", of_size(2), start + milliseconds(299), kQuiet);
  EXPECT_TRUE(settler.take_due(start + milliseconds(598)).empty());
  EXPECT_EQ(settler.next(), start + milliseconds(599));
  EXPECT_EQ(settler.take_due(start + milliseconds(599)), std::vector<std::string>{"a"});
  EXPECT_FALSE(settler.next());
}

TEST(Settler, SeeingTheSameFileAgainDoesNotProlongTheWait) {
  Settler settler;
  const Settler::Time start{};
  settler.note("a", of_size(1), start, kQuiet);
  settler.note("a", of_size(1), start + milliseconds(200), kQuiet);
  EXPECT_EQ(settler.take_due(start + kQuiet).size(), 1u);
}

TEST(Settler, AnOpenFileWaitsLongerUntilItIsClosed) {
  Settler settler;
  const Settler::Time start{};
  settler.note("a", of_size(1), start, kQuiet * 10);
  EXPECT_TRUE(settler.take_due(start + kQuiet).empty());
  settler.note("a", of_size(1), start + milliseconds(400), kQuiet);
  EXPECT_EQ(settler.take_due(start + milliseconds(400)).size(), 1u);
}

TEST(Settler, ForgetsWhatIsGone) {
  Settler settler;
  settler.note("a", of_size(1), {}, kQuiet);
  settler.forget("a");
  EXPECT_TRUE(settler.take_due(Settler::Time{} + std::chrono::hours(1)).empty());
}

}  // namespace
}  // namespace tasker::plugin
