// The test kit: what comes back of an attempt, and what it complains of as a host would.
#include <gtest/gtest.h>
#include <tasker/sdk.h>
#include <tasker/testing.h>

#include <atomic>

namespace {

using tasker::Call;
using tasker::Json;
using tasker::kit::Attempt;
using tasker::kit::Kind;
using tasker::kit::Library;
using tasker::kit::Plugin;

constexpr const char* kManifest = R"(# A template.
name: desk
namespace_name: "front"
version: 1.2.0   # quoted or not
custom_events: [desk.opened, 'desk.closed']
step_templates:
  - name: greet
    custom_events:
      - name: desk.greeted
        description: somebody was there
      - desk.left
  - {name: fail, handler_class: FailHandler}
  - handler_class: Front::Desk::SlowCountHandler
    handler_config:
      name: not.this
    name: count
  - name: tell
environments:
  test:
    step_templates:
      - name: greet
)";

Json greet(Call& call) {
  call.info("greeting", {{"attempt", call.attempt()}});
  call.emit("desk.opened");
  call.emit("desk.greeted", {{"name", call.context().at("name")}});
  return {{"text", "Hello " + call.context().at("name").get<std::string>()}, {"key", call.idempotency_key()},
          {"sum", call.inputs().value("total", 0)}, {"mark", call.config().value("mark", "")}};
}

Json fail(Call& call) {
  call.emit("desk.closed");
  if (call.context().contains("wait")) throw tasker::WaitFor(std::chrono::minutes(5));
  if (call.attempt() < 3) throw tasker::RetryableError("not yet", std::nullopt, "desk.busy");
  throw tasker::PermanentError("never", "desk.shut");
}

// Counts to a hundred, with a checkpoint at each ten; gives up where it is told to stop.
Json slow_count(Call& call) {
  int count = call.checkpoint().is_null() ? 0 : call.checkpoint().at("count").get<int>();
  for (; count < 100; ++count) {
    if (count % 10 == 0) call.heartbeat({{"count", count}}, count * 10);
    if (call.is_past_deadline()) throw tasker::RetryableError("out of time");
    call.throw_if_stopping();
  }
  return {{"count", count}, {"has_deadline", call.deadline().has_value()}};
}

Json tell(Call& call) {
  call.emit("desk.greeted");
  return nullptr;
}

constexpr tasker_plugin kPlugin =
    tasker::detail::Tables<tasker::NoState, tasker::Handler<"greet", greet>, tasker::Handler<"fail", fail>,
                           tasker::Handler<"slow_count", slow_count>, tasker::Handler<"tell", tell>>::plugin();

class Kit : public testing::Test {
 protected:
  Plugin plugin_{Library::of(kPlugin, kManifest), Json::object()};
};

TEST_F(Kit, GivesBackWhatAHandlerSaidAndReturned) {
  const auto outcome = plugin_.run("greet", {.context = {{"name", "Ada"}}, .inputs = {{"total", 3}}, .config = {{"mark", "!"}}});
  EXPECT_TRUE(outcome.is_ok()) << outcome;
  EXPECT_EQ(outcome.result, Json({{"text", "Hello Ada"}, {"key", "42/greet"}, {"sum", 3}, {"mark", "!"}}));
  ASSERT_EQ(outcome.events.size(), 2u);
  EXPECT_EQ(outcome.events[1].payload, Json({{"name", "Ada"}}));
  ASSERT_EQ(outcome.logs.size(), 1u);
  EXPECT_EQ(outcome.logs[0].fields, Json({{"attempt", 1}}));
  EXPECT_TRUE(outcome.has_logged("greet"));
  EXPECT_EQ(plugin_.stop(), "");
}

TEST_F(Kit, InputThatIsNotJsonIsTheHandlersToRefuse) {
  const auto outcome = plugin_.run("greet", {.context_text = "{\"name\""});
  EXPECT_EQ(outcome.kind, Kind::fail);
  EXPECT_EQ(outcome.code, "plugin.bad_input");
}

TEST_F(Kit, EventsOfAnAttemptThatFailedAreNotPublished) {
  const auto outcome = plugin_.run("fail");
  EXPECT_EQ(outcome.kind, Kind::retry);
  EXPECT_EQ(outcome.code, "desk.busy");
  EXPECT_FALSE(outcome.retry_after);
  EXPECT_EQ(outcome.emitted.size(), 1u);
  EXPECT_TRUE(outcome.events.empty());
}

TEST_F(Kit, AWaitSaysHowLong) {
  const auto outcome = plugin_.run("fail", {.context = {{"wait", true}}});
  EXPECT_EQ(outcome.kind, Kind::wait);
  EXPECT_EQ(outcome.retry_after, std::chrono::minutes(5));
}

TEST_F(Kit, AnEventThatTheStepsTemplateDoesNotNameIsAProblem) {
  auto outcome = plugin_.run("tell");  // desk.greeted is another step's
  EXPECT_FALSE(outcome.is_ok());
  EXPECT_EQ(outcome.code, "plugin.bad_event");
  ASSERT_EQ(outcome.problems.size(), 1u);
  EXPECT_NE(outcome.problems[0].find("custom_events"), std::string::npos);
  outcome = plugin_.run("tell", {.events = {{"desk.greeted"}}});
  EXPECT_TRUE(outcome.is_ok()) << outcome;
  EXPECT_NE(plugin_.stop().find("desk.greeted"), std::string::npos) << "stop() tells of all attempts";
}

TEST_F(Kit, RunsAStepByItsNameWhateverItsHandlerIsCalled) {
  EXPECT_EQ(plugin_.run("count").result.at("count"), 100);
  EXPECT_EQ(plugin_.run("slow_count").result.at("count"), 100);
  EXPECT_THROW(plugin_.run("nobody"), std::logic_error);
}

TEST_F(Kit, StopBitsAreThereFromTheBeginningOrAppearOnTheWay) {
  auto outcome = plugin_.run("count", {.stop_bits = TASKER_STOP_CANCELLED});
  EXPECT_EQ(outcome.kind, Kind::cancelled) << outcome;
  // Each count asks two times, each ten three times: the bit is there before the second heartbeat.
  outcome = plugin_.run("count", {.stop_later = {.bits = TASKER_STOP_DRAINING, .at_question = 20}});
  EXPECT_EQ(outcome.kind, Kind::cancelled) << outcome;
  EXPECT_EQ(outcome.beats.size(), 1u);
  EXPECT_EQ(outcome.beats[0].progress, 0);
  EXPECT_EQ(outcome.checkpoint, Json({{"count", 0}}));
}

TEST_F(Kit, TheDeadlinePassesOnTheTestsClock) {
  const auto before = plugin_.clock().now();
  const Attempt attempt{.timeout = std::chrono::hours(1), .time_per_question = std::chrono::minutes(1)};
  const auto outcome = plugin_.run("count", attempt);
  EXPECT_EQ(outcome.message, "out of time");
  EXPECT_EQ(plugin_.clock().now() - before, std::chrono::hours(1));
  EXPECT_TRUE(plugin_.run("count", {.timeout = std::chrono::hours(1)}).result.at("has_deadline"));
}

TEST_F(Kit, RunsAttemptAfterAttemptWithTheCheckpointOfTheOneBefore) {
  const auto before = plugin_.clock().now();
  const auto attempts = plugin_.run_to_end(
      "count", {.retry_limit = 5, .timeout = std::chrono::minutes(90), .time_per_question = std::chrono::minutes(1)});
  ASSERT_EQ(attempts.size(), 3u) << attempts.back();
  EXPECT_EQ(attempts[0].checkpoint, Json({{"count", 40}}));
  EXPECT_TRUE(attempts.back().is_ok()) << attempts.back();
  EXPECT_GT(plugin_.clock().now() - before, std::chrono::seconds(3)) << "the delays between attempts are in it";
}

TEST_F(Kit, StopsAtTheRetryLimitOrAtAPermanentError) {
  EXPECT_EQ(plugin_.run_to_end("fail", {.retry_limit = 2}).size(), 2u);
  const auto attempts = plugin_.run_to_end("fail", {.retry_limit = 9});
  ASSERT_EQ(attempts.size(), 3u);
  EXPECT_EQ(attempts.back().code, "desk.shut");
}

TEST_F(Kit, AStoppedPluginRunsNothing) {
  EXPECT_EQ(plugin_.stop(), "");
  EXPECT_THROW(plugin_.run("greet"), std::logic_error);
}

TEST(KitInit, ThatSaysNoIsToldWithItsWords) {
  struct Choosy {
    explicit Choosy(const Json& config) : value(config.at("needed").get<int>()) {
      if (value < 0) throw tasker::PermanentError("needed is below zero", "choosy.negative");
    }
    int value;
  };
  static constexpr tasker_plugin plugin =
      tasker::detail::Tables<Choosy, tasker::Handler<"run", [](Choosy& self, Call&) { return self.value; }>>::plugin();
  EXPECT_EQ(Plugin(Library::of(plugin), {{"needed", 4}}).run("run").result, 4);
  try {
    Plugin refused(Library::of(plugin), {{"needed", -1}});
    FAIL() << "was taken";
  } catch (const tasker::kit::Refused& refused) {
    EXPECT_EQ(refused.code(), "plugin.init_failed");
    EXPECT_NE(refused.message().find("needed is below zero (choosy.negative)"), std::string::npos);
  }
}

TEST(KitOutline, ReadsStepsHandlersAndEvents) {
  const auto outline = tasker::kit::outline_of(kManifest);
  ASSERT_EQ(outline.steps.size(), 4u);
  EXPECT_EQ(outline.steps[2].name, "count");
  EXPECT_EQ(outline.find("greet")->events, (std::set<std::string>{"desk.greeted", "desk.left"}));
  EXPECT_EQ(outline.events, (std::set<std::string>{"desk.opened", "desk.closed"}));
  EXPECT_FALSE(outline.has_unread_events);
  EXPECT_TRUE(tasker::kit::outline_of("custom_events: *shared\n").has_unread_events);
  EXPECT_TRUE(tasker::kit::outline_of("step_templates:\n- name: a\n  custom_events: *shared\n- name: b\n").has_unread_events);
  EXPECT_EQ(tasker::kit::outline_of("step_templates:\n- name: a\n  custom_events:\n  - a.b\n- name: b\n").steps.size(), 2u);
}

TEST(KitOutline, ReadsHandlerClassesAsAHostDoes) {
  using tasker::kit::handler_name;
  EXPECT_EQ(handler_name("OrderProcess::StepHandler::ValidateOrderHandler"), "validate_order");
  EXPECT_EQ(handler_name("HTTPGetHandler"), "http_get");
  EXPECT_EQ(handler_name("Step2Run"), "step2_run");
  EXPECT_EQ(handler_name("validate_order"), "validate_order");
  EXPECT_EQ(handler_name("A::Handler"), "handler");
}

}  // namespace
