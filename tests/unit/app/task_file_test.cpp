#include "app/task_file.h"

#include <gtest/gtest.h>

#include "support/files.h"

namespace tasker::app {
namespace {

using Tasks = std::vector<std::string>;

TEST(TaskFile, HoldsOneTaskOrMany) {
  EXPECT_EQ(*tasks_in(R"( {"name": "a", "context": {"n": 1.10}} )"), (Tasks{R"({"name": "a", "context": {"n": 1.10}})"}));
  EXPECT_EQ(*tasks_in(R"([{"name":"a"}, {"name":"b"}])"), (Tasks{R"({"name":"a"})", R"({"name":"b"})"}));
  EXPECT_EQ(*tasks_in(R"({"tasks": [{"name":"a"}]})"), (Tasks{R"({"name":"a"})"}));
}

TEST(TaskFile, SaysWhatIsWrongWithIt) {
  EXPECT_EQ(tasks_in("").error().code, Code::invalid_json);
  EXPECT_EQ(tasks_in("[{}").error().code, Code::invalid_json);
  EXPECT_EQ(tasks_in("[]").error().code, Code::command_invalid);
}

TEST(TaskFile, MayBeMissingOrAFolder) {
  const test::TempDir dir;
  EXPECT_EQ(read_file_or_stdin((dir.path() / "none").string()).error().code, Code::not_found);
  EXPECT_EQ(read_file_or_stdin(dir.path().string()).error().code, Code::command_invalid);
  test::write_file(dir.path() / "tasks", "[]");
  EXPECT_EQ(*read_file_or_stdin((dir.path() / "tasks").string()), "[]");
}

}  // namespace
}  // namespace tasker::app
