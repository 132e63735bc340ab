#include "config/view.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "base/json.h"
#include "config/keys.h"
#include "support/files.h"

namespace tasker::config {
namespace {

using testing::HasSubstr;
using testing::Not;

std::map<std::string, ViewRow> by_key(const std::vector<ViewRow>& rows) {
  std::map<std::string, ViewRow> out;
  for (const ViewRow& row : rows) out[row.key] = row;
  return out;
}

TEST(View, HoldsEveryKeyWithItsValueAndWhereItCameFrom) {
  const test::TempDir dir;
  const auto secret = (dir.path() / "url").string();
  test::write_file(secret, "postgresql://u:hunter2x@h/d\n");
  Origins origins;
  const auto settings = parse_settings("engine:\n  workers: 3\nlog: {level: debug}\n", "t.yaml",
                                       {{"TASKER_LOG__LEVEL", "warn"}, {"TASKER_DATABASE__URL_FILE", secret}}, &origins);
  ASSERT_TRUE(settings) << settings.error().message;
  const auto rows = by_key(view_of(*settings, origins));
  ASSERT_EQ(rows.size(), settings_keys().size());
  EXPECT_EQ(rows.at("engine.workers").value, "3");
  EXPECT_EQ(rows.at("engine.workers").origin, "t.yaml:2");
  EXPECT_EQ(rows.at("engine.poll_ms").origin, "default");
  EXPECT_EQ(rows.at("log.level").value, "warn");
  EXPECT_EQ(rows.at("log.level").json, "\"warn\"");
  EXPECT_EQ(rows.at("log.level").origin, "environment variable TASKER_LOG__LEVEL");
  EXPECT_EQ(rows.at("database.url").value, "postgresql://u:***@h/d");
  EXPECT_EQ(rows.at("database.url").origin, "file " + secret + " of environment variable TASKER_DATABASE__URL_FILE");
}

TEST(View, MasksWhatPluginsKeepSecretAndStaysJson) {
  Settings settings;
  settings.plugins.configuration["a/b"] = R"({"user":"u","api_key":"hunter2x","pin_token":1234})";
  const auto row = by_key(view_of(settings, {})).at("plugins.configuration");
  EXPECT_EQ(row.value, R"({"a/b":{"user":"u","api_key":"***","pin_token":"***"}})");
  EXPECT_TRUE(is_json_object(row.json)) << row.json;
}

// What is shown can be set again: the two directions of the list agree.
TEST(View, ShowsEachKeyAsItCanBeSet) {
  for (const Key& key : keys()) {
    const Shown shown = key.show(Settings{});
    const auto again = parse_settings("", "t", {{key.variable(), shown.value}});
    ASSERT_TRUE(again) << key.path() << ": " << again.error().message;
    EXPECT_EQ(*again, Settings{}) << key.path();
  }
}

TEST(View, TellsWhatChangedAndWhatOfItARunningHostTakes) {
  Settings before, after;
  EXPECT_TRUE(changes_between(before, after).empty());
  after.log.level = LogLevel::debug;
  after.engine.workers = 3;
  after.database.url = "postgresql://u:hunter2x@h/d";
  const auto changes = changes_between(before, after);
  ASSERT_EQ(changes.size(), 3u);
  EXPECT_EQ(changes[0].after, "postgresql://u:***@h/d");
  EXPECT_EQ(changes[1].key + " " + changes[1].before + " " + changes[1].after, "engine.workers 16 3");
  EXPECT_FALSE(changes[1].is_reloadable);
  EXPECT_TRUE(changes[2].is_reloadable);
}

}  // namespace
}  // namespace tasker::config
