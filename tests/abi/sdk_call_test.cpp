// What a handler can see and say through tasker::Call.
#include <gtest/gtest.h>

#include "fake_host.h"

namespace {

using abi_test::Attempt;
using abi_test::FakeHost;
using tasker::Call;
using tasker::Json;

class SdkCall : public testing::Test {
 protected:
  Attempt attempt_{.context = R"({"order_id": 3})", .inputs = R"({"parent": {"sum": 2}})", .config = R"({"url": "x"})"};
  FakeHost host_;
};

TEST_F(SdkCall, ShowsTheAttempt) {
  attempt_.number = 2;
  attempt_.retry_limit = 2;
  const tasker_call raw = attempt_.call();
  Call call(host_.table(), &raw);
  EXPECT_EQ(call.context().at("order_id"), 3);
  EXPECT_EQ(call.input("parent").at("sum"), 2);
  EXPECT_EQ(call.config().at("url"), "x");
  EXPECT_TRUE(call.checkpoint().is_null());
  EXPECT_EQ(call.attempt(), 2);
  EXPECT_TRUE(call.is_last_attempt());
  EXPECT_EQ(call.idempotency_key(), "42/1/0");
  EXPECT_EQ(call.task_id(), "42");
  EXPECT_EQ(call.step_id(), "688129");
  EXPECT_EQ(call.template_name(), "fake");
  EXPECT_EQ(call.correlation_id(), "corr");
  EXPECT_TRUE(call.traceparent().empty());
  EXPECT_FALSE(call.deadline());
}

TEST_F(SdkCall, MissingInputNamesTheParent) {
  const tasker_call raw = attempt_.call();
  Call call(host_.table(), &raw);
  try {
    call.input("stranger");
    FAIL() << "an input that is not there was found";
  } catch (const tasker::PermanentError& error) {
    EXPECT_NE(std::string(error.what()).find("stranger"), std::string::npos);
  }
}

TEST_F(SdkCall, CheckpointOfAnEarlierAttemptArrives) {
  attempt_.checkpoint = R"({"row": 9})";
  const tasker_call raw = attempt_.call();
  Call call(host_.table(), &raw);
  EXPECT_EQ(call.checkpoint().at("row"), 9);
}

TEST_F(SdkCall, HeartbeatCarriesACheckpointAndAnswersStopBits) {
  const tasker_call raw = attempt_.call();
  Call call(host_.table(), &raw);
  EXPECT_EQ(call.heartbeat(), 0u);
  host_.stop_bits = TASKER_STOP_DRAINING;
  EXPECT_EQ(call.heartbeat({{"row", 5}}, 500, "half-way"), static_cast<std::uint32_t>(TASKER_STOP_DRAINING));
  ASSERT_EQ(host_.beats.size(), 2u);
  EXPECT_EQ(host_.beats[0].checkpoint, "");
  EXPECT_EQ(host_.beats[1].checkpoint, R"({"row":5})");
  EXPECT_EQ(host_.beats[1].progress, 500);
  EXPECT_EQ(host_.beats[1].note, "half-way");
  EXPECT_TRUE(call.is_draining());
  EXPECT_FALSE(call.is_cancelled());
}

TEST_F(SdkCall, LogsWithItsTokenAndOnlyWhatSomebodyReads) {
  const tasker_call raw = attempt_.call();
  Call call(host_.table(), &raw);
  call.info("charged", {{"sum", 2}});
  call.log(tasker::Level::trace, "nobody reads this");
  ASSERT_EQ(host_.logs.size(), 1u);
  EXPECT_EQ(host_.logs[0].message, "charged");
  EXPECT_EQ(host_.logs[0].fields, R"({"sum":2})");
  EXPECT_EQ(host_.logs[0].token, 7u);
}

TEST_F(SdkCall, EventsReachTheHostOrSayWhyNot) {
  const tasker_call raw = attempt_.call();
  Call call(host_.table(), &raw);
  call.emit("refund.completed", {{"sum", 2}});
  ASSERT_EQ(host_.events.size(), 1u);
  EXPECT_EQ(host_.events[0].second, R"({"sum":2})");
  host_.emit_answer = TASKER_E_TOO_BIG;
  try {
    call.emit("big");
    ADD_FAILURE() << "was taken";
  } catch (const tasker::PermanentError& error) {
    EXPECT_EQ(error.code(), "plugin.bad_event");
  }
  host_.emit_answer = TASKER_E_BUSY;
  EXPECT_THROW(call.emit("busy"), tasker::RetryableError);
  host_.emit_answer = TASKER_E_STALE;
  EXPECT_THROW(call.emit("late"), tasker::Cancelled);
}

}  // namespace
