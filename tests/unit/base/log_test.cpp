#include "base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "support/files.h"

namespace tasker {
namespace {

using testing::HasSubstr;
using testing::Not;

TEST(Log, WritesLinesOfItsLevelAndAboveToTheFile) {
  const test::TempDir dir;
  const auto file = dir.path() / "host.log";
  ASSERT_TRUE(log_open({.level = LogLevel::info, .file = file.string()}));
  log_info("plugin {} is active", "payments/refund");
  log_debug("not shown");
  log_plugin_line(LogLevel::warn, "payments/refund 1.2.0", "slow\nforged line", R"({"ms":5})");
  log_flush();
  const std::string text = test::read_file(file);
  EXPECT_THAT(text, HasSubstr("info  plugin payments/refund is active\n"));
  EXPECT_THAT(text, Not(HasSubstr("not shown")));
  EXPECT_THAT(text, HasSubstr("[payments/refund 1.2.0] slow\\nforged line {\"ms\":5}\n"));
  ASSERT_TRUE(log_open({}));
}

TEST(Log, SaysWhichFileCannotBeOpened) {
  const auto opened = log_open({.level = LogLevel::info, .file = "/proc/none/host.log"});
  ASSERT_FALSE(opened);
  EXPECT_EQ(opened.error().code, Code::config_invalid);
  EXPECT_THAT(opened.error().message, HasSubstr("/proc/none/host.log"));
}

TEST(Log, LevelsHaveTexts) {
  EXPECT_EQ(log_level_from("warn").value(), LogLevel::warn);
  EXPECT_EQ(log_level_text(LogLevel::error), "error");
  EXPECT_FALSE(log_level_from("loud"));
}

}  // namespace
}  // namespace tasker
