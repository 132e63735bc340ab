// std/sleep as built: what it answers at each call.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "plugins_shipped/plugin_file.h"

namespace tasker::test {
namespace {

using nlohmann::json;

class StdSleep : public testing::Test {
 protected:
  Answer sleep(const json& config, const json& checkpoint = nullptr) const {
    Attempt attempt{"sleep"};
    attempt.context = {{"pause", 7}};
    attempt.config = config;
    attempt.checkpoint = checkpoint;
    return plugin_.run(attempt);
  }
  PluginFile plugin_{"std/sleep-1.0.0", json::object()};
};

TEST_F(StdSleep, WaitsWithoutHoldingTheThreadAndKeepsTheEnd) {
  const Answer first = sleep({{"seconds", {{"$from", "/context/pause"}}}});
  EXPECT_EQ(first.kind, TASKER_WAIT);
  EXPECT_GT(first.retry_after_ms, 6'000U);
  EXPECT_LE(first.retry_after_ms, 7'000U);
  ASSERT_TRUE(first.checkpoint.contains("until")) << first.checkpoint;

  const Answer later = sleep({{"seconds", 7}}, first.checkpoint);
  EXPECT_EQ(later.kind, TASKER_WAIT);
  EXPECT_LE(later.retry_after_ms, first.retry_after_ms) << "counted from the first call";
  const Answer over = sleep({{"seconds", 7}}, {{"until", "2001-01-01T00:00:00.000Z"}});
  EXPECT_EQ(over.kind, TASKER_OK);
  EXPECT_EQ(over.payload["until"], "2001-01-01T00:00:00.000Z");
}

TEST_F(StdSleep, WaitsUntilATime) {
  EXPECT_EQ(sleep({{"until", "2020-02-29T23:59:60.25+01:30"}}).payload["until"], "2020-02-29T22:30:00.250Z");
  const Answer far = sleep({{"until", "2098-01-01T00:00:00-05:00"}});
  EXPECT_EQ(far.kind, TASKER_WAIT);
  EXPECT_EQ(far.checkpoint["until"], "2098-01-01T05:00:00.000Z");
  EXPECT_EQ(sleep({{"seconds", 0}}).kind, TASKER_OK);
}

TEST_F(StdSleep, WhatIsNoTimeIsRefusedForGood) {
  for (const char* text : {"tomorrow", "2020-02-30T00:00:00Z", "2020-01-01 00:00:00Z", "2020-01-01T00:00:00", "2020-01-01T24:00:00Z",
                           "2020-01-01T00:00:00.Z", "2020-01-01T00:00:00+0100", ""}) {
    const Answer answer = sleep({{"until", text}});
    EXPECT_EQ(answer.kind, TASKER_FAIL) << text;
    EXPECT_EQ(answer.code, "config.invalid");
  }
  EXPECT_EQ(sleep({{"seconds", -1}}).code, "config.invalid");
  EXPECT_EQ(sleep({{"seconds", "1"}}).code, "config.invalid");
  EXPECT_EQ(sleep({{"seconds", 1}, {"until", "2020-01-01T00:00:00Z"}}).code, "config.invalid");
  EXPECT_EQ(sleep(json::object()).code, "config.invalid");
}

}  // namespace
}  // namespace tasker::test
