// The plugin of sdk/ERRORS_AND_RETRIES.md fails, waits and recovers as the page says.
#include <gtest/gtest.h>
#include <tasker/testing.h>

#include <chrono>
#include <string>

namespace {

using tasker::Json;
using tasker::kit::Attempt;
using tasker::kit::Kind;
using tasker::kit::Library;
using tasker::kit::Plugin;

class Errors : public testing::Test {
 protected:
  Plugin plugin_{Library::open(PLUGINS "/bank-1.0.0.so"), Json::object()};
};

TEST_F(Errors, EachThrowIsItsOutcome) {
  const auto charge = [&](const Json& context) { return plugin_.run("charge", {.context = context}); };
  EXPECT_TRUE(charge({{"amount", 5}, {"card", "good"}}).is_ok());
  EXPECT_EQ(charge({{"amount", 5}}).kind, Kind::fail);
  EXPECT_EQ(charge({{"amount", 5}}).code, "card.missing");
  EXPECT_EQ(charge({{"amount", 5}, {"card", "declined"}}).code, "card.declined");
  const auto busy = charge({{"amount", 5}, {"card", "busy"}});
  EXPECT_EQ(busy.kind, Kind::retry);
  EXPECT_EQ(busy.retry_after, std::chrono::milliseconds(1500));
  const auto away = charge({{"amount", 5}, {"card", "away"}});
  EXPECT_EQ(away.kind, Kind::retry);
  EXPECT_FALSE(away.retry_after) << "the backoff decides";
}

TEST_F(Errors, WhatTheJsonLibraryThrowsIsTriedAgain) {
  const auto outcome = plugin_.run("charge", {.context = {{"card", "good"}}});
  EXPECT_EQ(outcome.kind, Kind::retry);
  EXPECT_EQ(outcome.code, "exception");
}

TEST_F(Errors, AttemptsEndAtTheLimitAndWaitsDoNotCount) {
  const Attempt charge{.context = {{"amount", 5}, {"card", "away"}}, .retry_limit = 5};
  EXPECT_EQ(plugin_.run_to_end("charge", charge).size(), 5u);
  const auto awaited = plugin_.run_to_end("await_transfer", {.retry_limit = 1});
  ASSERT_EQ(awaited.size(), 3u);
  EXPECT_EQ(awaited[0].kind, Kind::wait);
  EXPECT_EQ(awaited[0].retry_after, std::chrono::hours(1));
  EXPECT_TRUE(awaited[2].is_ok()) << awaited[2];
  EXPECT_EQ(plugin_.stop(), "");
}

}  // namespace
