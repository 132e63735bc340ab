// What handlers return and throw, seen through the C table: the outcome that a host would copy.
#include <gtest/gtest.h>

#include <new>

#include "fake_host.h"

namespace {

using abi_test::Attempt;
using abi_test::FakeHost;
using abi_test::Outcome;
using abi_test::Running;
using tasker::Call;
using tasker::Json;
using namespace std::chrono_literals;

struct OwnError {};
Json nested(int depth) {
  Json json = 1;
  for (int i = 0; i < depth; ++i) json = Json::array({std::move(json)});
  return json;
}

constexpr tasker_plugin kPlugin = tasker::detail::Tables<
    tasker::NoState, tasker::Handler<"json", [](Call&) -> Json { return {{"a", 1}}; }>,
    tasker::Handler<"text", [](Call& call) { return tasker::JsonText{std::string(call.context_text())}; }>,
    tasker::Handler<"number", [](Call&) { return 7; }>, tasker::Handler<"nothing", [](Call&) {}>,
    tasker::Handler<"retry", [](Call&) { throw tasker::RetryableError("busy"); }>,
    tasker::Handler<"retry_after", [](Call&) { throw tasker::RetryableError("busy", 1500ms, "bank.busy"); }>,
    tasker::Handler<"retry_now", [](Call&) { throw tasker::RetryableError("busy", 0ms); }>,
    tasker::Handler<"fail", [](Call&) { throw tasker::PermanentError("declined", "card.declined"); }>,
    tasker::Handler<"wait", [](Call&) { throw tasker::WaitFor(250ms); }>,
    tasker::Handler<"cancel", [](Call& call) { call.throw_if_stopping(); }>,
    tasker::Handler<"standard", [](Call&) { throw std::out_of_range("index 9"); }>,
    tasker::Handler<"own", [](Call&) { throw OwnError(); }>, tasker::Handler<"int", [](Call&) { throw 42; }>,
    tasker::Handler<"bad_alloc", [](Call&) { throw std::bad_alloc(); }>,
    tasker::Handler<"bad_utf8", [](Call&) -> Json { return {{"text", "\xff"}}; }>,
    tasker::Handler<"deep", [](Call&) { return nested(200); }>,
    tasker::Handler<"read", [](Call& call) { return call.context(); }>>::plugin();

class SdkOutcome : public testing::Test {
 protected:
  Outcome run(std::string_view name, const Attempt& attempt = {}) { return running_.run(name, attempt); }
  FakeHost host_;
  Running running_{kPlugin, host_};
};

TEST_F(SdkOutcome, ReturnedJsonIsTheResult) {
  const Outcome outcome = run("json");
  EXPECT_EQ(outcome.kind, TASKER_OK);
  EXPECT_EQ(outcome.payload, R"({"a":1})");
  EXPECT_EQ(running_.answer, TASKER_DONE);
  EXPECT_EQ(run("number").payload, "7");
  EXPECT_EQ(run("nothing").payload, "null");
}

TEST_F(SdkOutcome, JsonTextPassesByteForByte) {
  EXPECT_EQ(run("text", {.context = "{\"n\": 12345678901234567890123}"}).payload, "{\"n\": 12345678901234567890123}");
}

TEST_F(SdkOutcome, RetryableErrorRetries) {
  const Outcome plain = run("retry");
  EXPECT_EQ(plain.kind, TASKER_RETRY);
  EXPECT_EQ(plain.message, "busy");
  EXPECT_EQ(plain.retry_after_ms, 0u);
  const Outcome timed = run("retry_after");
  EXPECT_EQ(timed.retry_after_ms, 1500u);
  EXPECT_EQ(timed.code, "bank.busy");
  EXPECT_EQ(run("retry_now").retry_after_ms, 1u);
}

TEST_F(SdkOutcome, PermanentErrorFailsWithItsCode) {
  const Outcome outcome = run("fail");
  EXPECT_EQ(outcome.kind, TASKER_FAIL);
  EXPECT_EQ(outcome.code, "card.declined");
  EXPECT_EQ(outcome.message, "declined");
}

TEST_F(SdkOutcome, WaitForWaits) {
  const Outcome outcome = run("wait");
  EXPECT_EQ(outcome.kind, TASKER_WAIT);
  EXPECT_EQ(outcome.retry_after_ms, 250u);
}

TEST_F(SdkOutcome, StoppingIsCancelledOnlyWhenAsked) {
  EXPECT_EQ(run("cancel").kind, TASKER_OK);
  host_.stop_bits = TASKER_STOP_DEADLINE;
  EXPECT_EQ(run("cancel").kind, TASKER_CANCELLED);
}

TEST_F(SdkOutcome, AnythingElseThrownIsRetryable) {
  const Outcome standard = run("standard");
  EXPECT_EQ(standard.kind, TASKER_RETRY);
  EXPECT_EQ(standard.message, "index 9");
  EXPECT_EQ(standard.code, "exception");
  EXPECT_EQ(run("own").kind, TASKER_RETRY);
  EXPECT_EQ(run("int").kind, TASKER_RETRY);
  EXPECT_EQ(run("bad_alloc").kind, TASKER_RETRY);
}

TEST_F(SdkOutcome, ResultThatIsNotJsonFailsForGood) {
  for (const auto name : {"bad_utf8", "deep"}) {
    const Outcome outcome = run(name);
    EXPECT_EQ(outcome.kind, TASKER_FAIL) << name;
    EXPECT_EQ(outcome.code, "plugin.bad_result") << name;
  }
}

TEST_F(SdkOutcome, AContextThatIsNoObjectFailsForGood) {
  for (const char* context : {"[1]", "null", "\"text\"", "17"}) {
    const Outcome outcome = run("read", {.context = context});
    EXPECT_EQ(outcome.kind, TASKER_FAIL) << context;
    EXPECT_EQ(outcome.code, "plugin.bad_input") << context;
  }
}

TEST_F(SdkOutcome, InputThatIsNotJsonFailsForGood) {
  for (const std::string& context : {std::string("{"), std::string("\xff\xfe"), std::string(100'000, '[')}) {
    const Outcome outcome = run("read", {.context = context});
    EXPECT_EQ(outcome.kind, TASKER_FAIL);
    EXPECT_EQ(outcome.code, "plugin.bad_input");
  }
  const std::string brackets_in_text = "{\"text\": \"" + std::string(500, '[') + "\\\"" + std::string(500, '{') + "\"}";
  EXPECT_EQ(run("read", {.context = brackets_in_text}).kind, TASKER_OK);
}

}  // namespace
