#include "base/log.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <sstream>

#include "base/json.h"
#include "base/secrets.h"
#include "base/timestamp.h"
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
  log_plugin_line(LogLevel::warn, {.plugin = "payments/refund 1.2.0", .fields = R"({"ms":5})"}, "slow\nforged line");
  log_flush();
  const std::string text = test::read_file(file);
  EXPECT_THAT(text, HasSubstr("info  plugin payments/refund is active\n"));
  EXPECT_THAT(text, Not(HasSubstr("not shown")));
  EXPECT_THAT(text, HasSubstr("[payments/refund 1.2.0] slow\\nforged line {\"ms\":5}\n"));
  ASSERT_TRUE(log_open({}));
}

// The lines of a log in JSON, each read strictly.
std::vector<nlohmann::json> json_lines(const std::filesystem::path& file) {
  log_flush();
  std::istringstream text(test::read_file(file));
  std::vector<nlohmann::json> lines;
  for (std::string line; std::getline(text, line);) {
    EXPECT_TRUE(is_json_object(line)) << line;
    lines.push_back(nlohmann::json::parse(line));
  }
  return lines;
}

TEST(Log, WritesOneJsonObjectALineWithWhatIsKnown) {
  const test::TempDir dir;
  const auto file = dir.path() / "host.log";
  ASSERT_TRUE(log_open({.format = LogFormat::json, .file = file.string()}));
  log_info("a \"quoted\" word,\nand a line");
  log_host(77);
  log_failure(LogLevel::warn, make_error(Code::database_unavailable, "nobody there"), "try {}: {}", 3);
  log_plugin_line(LogLevel::error,
                  {.task = "42", .step = "charge", .plugin = "pay/refund 1.2.0", .correlation_id = "c-1", .fields = "{\"ms\":\n5}"},
                  "slow");
  log_host(0);
  const auto lines = json_lines(file);
  ASSERT_EQ(lines.size(), 3u);
  EXPECT_EQ(lines[0].at("message"), "a \"quoted\" word,\nand a line");
  EXPECT_EQ(lines[0].at("level"), "info");
  EXPECT_TRUE(is_rfc3339(lines[0].at("time").get<std::string>())) << lines[0];
  EXPECT_EQ(lines[0].size(), 3u) << lines[0];
  EXPECT_EQ(lines[1].at("message"), "try 3: nobody there");
  EXPECT_EQ(lines[1].at("code"), "database.unavailable");
  EXPECT_EQ(lines[1].at("host"), 77);
  auto third = lines[2];
  third.erase("time");
  EXPECT_EQ(third, nlohmann::json::parse(R"({"level":"error","message":"slow","host":77,"task":42,"step":"charge",
      "plugin":"pay/refund 1.2.0","correlation_id":"c-1","fields":{"ms":5}})"));
  ASSERT_TRUE(log_open({}));
}

TEST(Log, MasksSecretsInBothFormats) {
  hide("open-sesame\"1");
  for (const LogFormat format : {LogFormat::human, LogFormat::json}) {
    const test::TempDir dir;
    const auto file = dir.path() / "host.log";
    ASSERT_TRUE(log_open({.format = format, .file = file.string()}));
    log_warn("cannot connect to postgresql://app:hunter2x@db/x, said open-sesame\"1");
    log_plugin_line(LogLevel::warn, {.plugin = "p", .fields = R"({"api_key":"hunter2x"})"}, "password='hunter2x' \"token\": \"hunter2x\"");
    log_flush();
    const auto text = test::read_file(file);
    EXPECT_THAT(text, Not(HasSubstr("hunter2x"))) << text;
    EXPECT_THAT(text, Not(HasSubstr("sesame"))) << text;
    EXPECT_THAT(text, HasSubstr("postgresql://app:***@db/x"));
    EXPECT_EQ(format == LogFormat::json ? json_lines(file).size() : 2u, 2u);
  }
  ASSERT_TRUE(log_open({}));
}

TEST(Log, MayBeOpenedAgainWithAnotherLevelAndFormat) {
  const test::TempDir dir;
  const auto file = dir.path() / "host.log";
  ASSERT_TRUE(log_open({.file = file.string()}));
  EXPECT_FALSE(log_enabled(LogLevel::debug));
  ASSERT_TRUE(log_open({.level = LogLevel::debug, .format = LogFormat::json, .file = file.string()}));
  log_debug("shown");
  log_flush();
  EXPECT_THAT(test::read_file(file), HasSubstr("\"message\":\"shown\"}"));
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
