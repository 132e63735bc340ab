// The test kit against files that break the contract, and handlers that complete later: the fixtures of the host's tests.
#include <gtest/gtest.h>
#include <tasker/sdk.h>
#include <tasker/testing.h>

#include <atomic>
#include <string>

namespace {

using tasker::Json;
using tasker::kit::Attempt;
using tasker::kit::Kind;
using tasker::kit::Library;
using tasker::kit::Plugin;

Library fixture(const std::string& name) { return Library::open(std::string(FIXTURE_DIR) + "/test/" + name + "-1.0.0.so"); }

TEST(KitContract, AFileThatIsNoPluginIsRefused) {
  EXPECT_THROW(Library::open("/nowhere/at-1.0.0.so"), tasker::kit::Refused);
  tasker_plugin table{};
  try {
    Plugin plugin(Library::of(table), Json::object());
    FAIL() << "was taken";
  } catch (const tasker::kit::Refused& refused) {
    EXPECT_EQ(refused.code(), "plugin.bad_table");
  }
}

// As a host does: only a workflow without code names handlers of other plugins.
TEST(KitContract, AManifestThatNamesAnotherPluginsHandlerIsRefused) {
  const Library echo = fixture("echo");
  for (const char* step : {"- name: get\n  handler_class: std/http@^1#request  # the stock one", "- {name: get, handler_class: 'std/http@>=1 <2#request'}",
                           "- name: get\n  handler_class: std/http#request"}) {
    const std::string manifest = std::string("name: t\nstep_templates:\n") + step + "\n";
    try {
      Plugin plugin(Library::of(echo.entry(), manifest.c_str()), Json::object());
      FAIL() << "was taken: " << manifest;
    } catch (const tasker::kit::Refused& refused) {
      EXPECT_EQ(refused.code(), "template.not_supported_yet");
      EXPECT_NE(refused.message().find("step get names a handler of another plugin (std/http"), std::string::npos) << refused.message();
    }
  }
}

TEST(KitContract, ResultsThatAreNotJsonFailTheAttempt) {
  for (const char* name : {"bad_json", "bad_utf8", "big_result"}) {
    Plugin plugin(fixture(name), Json::object());
    const auto outcome = plugin.run("run");
    EXPECT_EQ(outcome.kind, Kind::fail) << name;
    EXPECT_EQ(outcome.code, "plugin.bad_result") << name;
    EXPECT_EQ(outcome.problems.size(), 1u) << name;
    EXPECT_NE(plugin.stop(), "") << name;
  }
}

TEST(KitContract, OutcomesThatDoNotExistFailTheAttempt) {
  Plugin plugin(fixture("bad_outcome"), Json::object());
  const auto problem = [&](const char* kind) {
    const auto outcome = plugin.run("run", {.context = {{"kind", kind}}});
    EXPECT_EQ(outcome.code, "plugin.bad_outcome");
    return outcome.problems.at(0);
  };
  EXPECT_NE(problem("other").find("kind 99"), std::string::npos);
  EXPECT_NE(problem("wait").find("retry_after_ms"), std::string::npos);
  EXPECT_NE(problem("cancelled").find("nobody had asked"), std::string::npos);
  EXPECT_NE(problem("return").find("answered 99"), std::string::npos);
  EXPECT_EQ(plugin.run("run", {.context = {{"kind", "cancelled"}}, .stop_bits = TASKER_STOP_CANCELLED}).kind, Kind::cancelled);
}

TEST(KitContract, TextIsPassedOnByteForByte) {
  Plugin plugin(fixture("echo"), Json::object());
  const auto outcome = plugin.run("run", {.context_text = "{\"b\" : 1e400}"});
  EXPECT_TRUE(outcome.is_ok()) << outcome;
  EXPECT_EQ(outcome.result_text, "{\"b\" : 1e400}");
  EXPECT_EQ(plugin.run("run", {.context_text = "{\"a\": \"\\u0000\"}"}).code, "plugin.bad_result");
  EXPECT_EQ(plugin.run("run", {.context_text = "[\"\\\\u0000\"]"}).kind, Kind::ok) << "a backslash and five letters";
}

TEST(KitContract, AHandlerThatCompletesLaterIsWaitedFor) {
  Plugin plugin(fixture("async"), Json::object());
  for (const char* mode : {"later", "early"}) {
    const auto outcome = plugin.run("run", {.context = {{"mode", mode}}});
    EXPECT_TRUE(outcome.is_ok()) << outcome;
    EXPECT_EQ(outcome.result, Json({{"thread", "own"}}));
  }
  EXPECT_EQ(plugin.stop(), "");
}

TEST(KitContract, OneThatNeverCompletesIsGivenUp) {
  Plugin plugin(fixture("async"), Json::object());
  const auto outcome = plugin.run("run", {.context = {{"mode", "never"}}, .patience = std::chrono::milliseconds(20)});
  EXPECT_EQ(outcome.code, "plugin.timeout");
  EXPECT_NE(plugin.stop().find("nothing completed the attempt within 20 ms"), std::string::npos);
}

TEST(KitContract, StopBitsAreRaisedWhileItRuns) {
  Plugin plugin(fixture("async"), Json::object());
  auto running = plugin.start("run", {.context = {{"mode", "never"}}});
  ASSERT_TRUE(running.wait_for_questions(2));
  running.raise(TASKER_STOP_CANCELLED);
  EXPECT_EQ(running.wait().kind, Kind::cancelled);
  auto another = plugin.start("run", {.context = {{"mode", "never"}}});
  plugin.drain();
  EXPECT_EQ(another.wait().kind, Kind::cancelled);
  EXPECT_EQ(plugin.stop(), "");
}

TEST(KitContract, CompletingTwiceIsAProblem) {
  Plugin twice(fixture("async"), Json::object());
  EXPECT_EQ(twice.run("run", {.context = {{"mode", "twice"}}}).kind, Kind::ok);
  EXPECT_NE(twice.stop().find("completed twice"), std::string::npos);

  Plugin both(fixture("async"), Json::object());
  const auto outcome = both.run("run", {.context = {{"mode", "both"}}});
  EXPECT_EQ(outcome.result, Json({{"thread", "own"}})) << "the first outcome counts";
  EXPECT_FALSE(outcome.is_ok());
  EXPECT_NE(both.stop().find("run() answered as well"), std::string::npos);
}

// A plugin by hand, whose every outcome is to be released once.
std::atomic<int> released{0}, cancelled{0};
const tasker_host* host = nullptr;

void count_release(void*) noexcept { ++released; }

tasker_outcome counted(std::int32_t kind) {
  tasker_outcome outcome{};
  outcome.struct_size = sizeof outcome;
  outcome.kind = kind;
  outcome.payload = TASKER_STR("{\"a\": 1}");
  outcome.release = count_release;
  return outcome;
}

std::int32_t init_by_hand(const tasker_host* given, tasker_str config, void**, tasker_outcome* error) noexcept {
  host = given;
  if (config.size == 2) return 0;
  *error = counted(TASKER_FAIL);
  return 1;
}

std::int32_t run_by_hand(void*, const tasker_call* call, tasker_outcome* out) noexcept {
  const std::string_view context(call->context.data, call->context.size);
  const auto has = [&](std::string_view word) { return context.find(word) != std::string_view::npos; };
  if (has("stale")) {
    const auto late = counted(TASKER_OK);
    host->complete(host, 4711, &late);
  }
  if (has("until stopped")) {
    host->log(host, call->token, TASKER_LOG_INFO, TASKER_STR("waiting"), TASKER_STR("[]"));
    while (host->should_stop(host, call->token) == 0 || cancelled == 0) {
    }
  }
  *out = counted(has("wrong kind") ? 12 : TASKER_OK);
  return has("both") ? TASKER_PENDING : TASKER_DONE;
}

void cancel_by_hand(void*, tasker_token, std::uint32_t why) noexcept { cancelled += static_cast<int>(why); }

std::int32_t hook_by_hand(void*, const tasker_task* task, tasker_outcome* out) noexcept {
  const auto state = tasker::view(task->state);
  *out = counted(state == "pending" || state == "complete" ? TASKER_OK : TASKER_FAIL);
  return TASKER_DONE;
}

constexpr tasker_handler kHandler = {sizeof(tasker_handler), 0, TASKER_STR("run"), run_by_hand, cancel_by_hand};
constexpr const tasker_handler* kHandlers[] = {&kHandler, nullptr};
constexpr tasker_plugin kByHand = {
    sizeof(tasker_plugin), TASKER_ABI_MAJOR, TASKER_ABI_MINOR, 0, 0,
    init_by_hand, nullptr, [](void*) noexcept {}, kHandlers, nullptr, nullptr, hook_by_hand, nullptr};

class KitByHand : public testing::Test {
 protected:
  void SetUp() override { released = cancelled = 0; }
};

TEST_F(KitByHand, ReleaseIsCalledOnceWhateverBecomesOfTheOutcome) {
  Plugin plugin(Library::of(kByHand), Json::object());
  EXPECT_TRUE(plugin.run("run").is_ok());
  EXPECT_EQ(released, 1);
  EXPECT_EQ(plugin.run("run", {.context = {{"say", "wrong kind"}}}).code, "plugin.bad_outcome");
  EXPECT_EQ(released, 2);
  EXPECT_TRUE(plugin.run("run", {.context = {{"say", "stale"}}}).is_ok());
  EXPECT_EQ(released, 4);
  EXPECT_NE(plugin.stop().find("a token that was never given out"), std::string::npos);
  EXPECT_THROW(Plugin(Library::of(kByHand), {{"refuse", 1}}), tasker::kit::Refused);
  EXPECT_EQ(released, 5);
}

TEST_F(KitByHand, APendingAnswerWithAnOutcomeIsAProblem) {
  Plugin plugin(Library::of(kByHand), Json::object());
  const auto outcome = plugin.run("run", {.context = {{"say", "both"}}, .patience = std::chrono::milliseconds(1)});
  ASSERT_EQ(outcome.problems.size(), 2u);
  EXPECT_NE(outcome.problems[0].find("nobody releases"), std::string::npos);
}

TEST_F(KitByHand, CancelNudgesTheHandlerOnce) {
  Plugin plugin(Library::of(kByHand), Json::object());
  auto running = plugin.start("run", {.context = {{"say", "until stopped"}}});
  ASSERT_TRUE(running.wait_for_log("waiting"));
  running.cancel(TASKER_STOP_CANCELLED);
  running.cancel(TASKER_STOP_CANCELLED);
  const auto outcome = running.wait();
  EXPECT_EQ(outcome.kind, Kind::ok);
  EXPECT_EQ(cancelled, TASKER_STOP_CANCELLED);
  ASSERT_EQ(outcome.problems.size(), 1u) << outcome;
  EXPECT_NE(outcome.problems[0].find("is no JSON object"), std::string::npos);
}

TEST_F(KitByHand, HooksAreRunAsTheTableHasThem) {
  Plugin plugin(Library::of(kByHand), Json::object());
  EXPECT_TRUE(plugin.task_created({.context = {{"order", 7}}}).is_ok());
  EXPECT_THROW(plugin.task_ended({.state = "complete"}), std::logic_error);
}

}  // namespace
