// The path into a handler and back, with handlers written here: one outcome for each attempt, whatever they do.
#include "plugin/invoke.h"

#include <gtest/gtest.h>

#include <atomic>
#include <csignal>
#include <cstdio>
#include <future>
#include <optional>
#include <set>
#include <thread>

#include "plugin/crash_report.h"

namespace tasker::plugin {
namespace {

using engine::AttemptOutcome;
using model::OutcomeKind;

class Invoke : public ::testing::Test {
 protected:
  using Run = std::function<std::int32_t(const tasker_call&, tasker_outcome&)>;

  Invoke() {
    auto definition = std::make_shared<model::TaskTemplate>();
    definition->namespace_name = "payments";
    definition->name = "refund";
    definition->version = *Semver::parse("1.2.0-rc.1+b5");
    definition->steps.push_back({});
    definition->steps[0].name = "charge";
    definition->steps[0].handler_config = R"({"url": "x"})";
    definition->steps[0].custom_events.push_back({"refund.sent", ""});
    input_.definition = definition;
    input_.step = &definition->steps[0];
    input_.fence.step = {TaskId{7}, 1};
    input_.task_id = "7";
    input_.idempotency_key = "7-1";
    input_.inputs = R"({"validate": {"ok": true}})";
    input_.context = std::make_shared<const std::string>(R"({"order_id": 5})");
    input_.stop = std::make_shared<std::atomic<std::uint32_t>>(0);
    handler_.struct_size = sizeof(handler_);
    handler_.run = [](void* self, const tasker_call* call, tasker_outcome* out) -> std::int32_t {
      return (*static_cast<Run*>(self))(*call, *out);
    };
  }

  // Runs once; the outcome, if run() brought one.
  std::vector<AttemptOutcome>& run(Run code) {
    run_ = std::move(code);
    outcomes_.clear();
    run_handler(host_, &run_, handler_, input_, [this](AttemptOutcome outcome) {
      const std::lock_guard lock(mutex_);
      outcomes_.push_back(std::move(outcome));
    });
    return outcomes_;
  }
  static tasker_outcome answer(std::int32_t kind, std::string_view payload) {
    tasker_outcome outcome{};
    outcome.struct_size = sizeof(outcome);
    outcome.kind = kind;
    outcome.payload = text_of(payload);
    return outcome;
  }
  const tasker_host* table() { return host_.table(); }

  std::shared_ptr<AttemptTable> attempts_ = std::make_shared<AttemptTable>();
  HostTable host_{attempts_, "payments/refund 1.2.0", {}};
  tasker_handler handler_{};
  engine::AttemptInput input_;
  Run run_;
  std::mutex mutex_;
  std::vector<AttemptOutcome> outcomes_;
};

TEST_F(Invoke, HandsOverTheWholeCall) {
  input_.checkpoint = R"({"page": 3})";
  input_.correlation_id = "c-1";
  input_.traceparent = "00-a-b-01";
  input_.attempt = 2;
  const auto& outcomes = run([](const tasker_call& call, tasker_outcome& out) {
    EXPECT_EQ(call.attempt, 2u);
    EXPECT_EQ(call.retry_limit, 3u);
    EXPECT_EQ(view(call.task_id), "7");
    EXPECT_EQ(view(call.step_id), std::to_string(7 * 16384 + 1));
    EXPECT_EQ(view(call.step_name), "charge");
    EXPECT_EQ(view(call.namespace_name), "payments");
    EXPECT_EQ(view(call.template_name), "refund");
    EXPECT_EQ(view(call.template_version), "1.2.0-rc.1+b5");
    EXPECT_EQ(view(call.idempotency_key), "7-1");
    EXPECT_EQ(view(call.context), R"({"order_id": 5})");
    EXPECT_EQ(view(call.inputs), R"({"validate": {"ok": true}})");
    EXPECT_EQ(view(call.config), R"({"url": "x"})");
    EXPECT_EQ(view(call.checkpoint), R"({"page": 3})");
    EXPECT_EQ(view(call.correlation_id), "c-1");
    EXPECT_EQ(view(call.traceparent), "00-a-b-01");
    out.payload = call.context;
    return TASKER_DONE;
  });
  ASSERT_EQ(outcomes.size(), 1u);
  EXPECT_EQ(outcomes[0].payload, R"({"order_id": 5})");
  input_.traceparent.clear();  // what the attempt before had must not stay
  run([](const tasker_call& call, tasker_outcome&) {
    EXPECT_EQ(call.traceparent.data, nullptr);
    return TASKER_DONE;
  });
}

TEST_F(Invoke, WhatTheHandlerThrowsEndsHere) {
  struct Odd {};
  EXPECT_EQ(run([](auto&, auto&) -> std::int32_t { throw std::runtime_error("no card"); }).at(0).code, "plugin.threw");
  EXPECT_NE(outcomes_[0].message.find("no card"), std::string::npos);
  EXPECT_EQ(run([](auto&, auto&) -> std::int32_t { throw 7; }).at(0).code, "plugin.threw");
  EXPECT_EQ(run([](auto&, auto&) -> std::int32_t { throw Odd{}; }).at(0).kind, OutcomeKind::fail);
  EXPECT_EQ(host_.gate().inside(), 0);
}

TEST_F(Invoke, AnUnknownAnswerOfRunIsABadOutcome) {
  EXPECT_EQ(run([](auto&, auto&) { return 17; }).at(0).code, "plugin.bad_outcome");
}

TEST_F(Invoke, StopBitsReachTheHandlerAndAllowCancelled) {
  input_.stop->store(engine::kStopCancelled);
  const auto& outcomes = run([&](const tasker_call& call, tasker_outcome& out) {
    EXPECT_EQ(table()->should_stop(table(), call.token), TASKER_STOP_CANCELLED);
    out.kind = TASKER_CANCELLED;
    return TASKER_DONE;
  });
  EXPECT_EQ(outcomes.at(0).kind, OutcomeKind::cancelled);
}

TEST_F(Invoke, TokensAreVoidAfterwardsAndNeverComeBack) {
  std::set<tasker_token> seen;
  for (int i = 0; i < 1000; ++i) {
    tasker_token token = 0;
    run([&](const tasker_call& call, auto&) { return token = call.token, TASKER_DONE; });
    EXPECT_TRUE(seen.insert(token).second);
    EXPECT_EQ(table()->should_stop(table(), token), TASKER_STOP_LEASE_LOST);
    const auto late = answer(TASKER_OK, "1");
    EXPECT_EQ(table()->complete(table(), token, &late), TASKER_E_STALE);
    EXPECT_EQ(table()->emit(table(), token, text_of("refund.sent"), text_of("1")), TASKER_E_STALE);
  }
  EXPECT_FALSE(seen.contains(0));
  const auto none = answer(TASKER_OK, "1");
  EXPECT_EQ(table()->complete(table(), 0, &none), TASKER_E_STALE);
  EXPECT_EQ(table()->complete(table(), ~tasker_token{0}, &none), TASKER_E_STALE);
}

TEST_F(Invoke, EventsComeWithSuccessOnly) {
  const auto emits = [&](std::int32_t kind) {
    return run([&, kind](const tasker_call& call, tasker_outcome& out) {
      EXPECT_EQ(table()->emit(table(), call.token, text_of("refund.sent"), text_of(R"({"n": 1})")), TASKER_E_OK);
      EXPECT_EQ(table()->emit(table(), call.token, text_of("refund.sent"), text_of("")), TASKER_E_OK);
      EXPECT_EQ(table()->emit(table(), call.token, text_of("not.declared"), text_of("1")), TASKER_E_INVALID);
      EXPECT_EQ(table()->emit(table(), call.token, text_of("refund.sent"), text_of("{")), TASKER_E_INVALID);
      out.kind = kind;
      return TASKER_DONE;
    }).at(0).events;
  };
  EXPECT_EQ(emits(TASKER_OK), R"([{"name":"refund.sent","payload":{"n": 1}},{"name":"refund.sent","payload":null}])");
  EXPECT_EQ(emits(TASKER_RETRY), "");
  EXPECT_EQ(run([](auto&, auto&) { return TASKER_DONE; }).at(0).events, "");
}

TEST_F(Invoke, EventsAreBounded) {
  int accepted = 0;
  const auto& outcomes = run([&](const tasker_call& call, auto&) {
    while (table()->emit(table(), call.token, text_of("refund.sent"), text_of("1")) == TASKER_E_OK) ++accepted;
    EXPECT_EQ(table()->emit(table(), call.token, text_of("refund.sent"), text_of("1")), TASKER_E_TOO_BIG);
    return TASKER_DONE;
  });
  EXPECT_EQ(accepted, 1000);
  EXPECT_EQ(outcomes.size(), 1u);
}

TEST_F(Invoke, TheLastGoodCheckpointGoesToTheNextAttempt) {
  const auto beat = [&](const tasker_call& call, std::string_view checkpoint) {
    table()->heartbeat(table(), call.token, 500, {}, text_of(checkpoint));
  };
  auto fails_after = [&](std::vector<std::string> checkpoints) {
    return run([&](const tasker_call& call, tasker_outcome& out) {
      for (const auto& checkpoint : checkpoints) beat(call, checkpoint);
      out.kind = TASKER_RETRY;
      return TASKER_DONE;
    }).at(0).checkpoint;
  };
  EXPECT_EQ(fails_after({"1", "2"}), "2");
  EXPECT_EQ(fails_after({"1", "{broken", "\"" + std::string(70'000, 'x') + "\""}), "1");
  EXPECT_EQ(fails_after({}), "");
  input_.checkpoint = "9";
  EXPECT_EQ(fails_after({}), "9") << "an attempt that says nothing keeps the old one";
}

TEST_F(Invoke, CompletesLaterFromAnotherThread) {
  std::thread plugin_thread;
  std::promise<void> returned;
  run([&](const tasker_call& call, auto&) {
    plugin_thread = std::thread([this, &call, go = returned.get_future().share()] {
      go.wait();
      const auto outcome = answer(TASKER_OK, view(call.inputs));  // the call is still readable
      EXPECT_EQ(table()->complete(table(), call.token, &outcome), TASKER_E_OK);
    });
    return TASKER_PENDING;
  });
  EXPECT_TRUE(outcomes_.empty());
  EXPECT_EQ(host_.gate().inside(), 1);
  returned.set_value();
  plugin_thread.join();
  ASSERT_EQ(outcomes_.size(), 1u);
  EXPECT_EQ(outcomes_[0].payload, input_.inputs);
  EXPECT_EQ(host_.gate().inside(), 0);
}

TEST_F(Invoke, CompletionBeforeRunReturnsAndTwice) {
  const auto first = answer(TASKER_OK, "1"), second = answer(TASKER_OK, "2");
  const auto completes = [&](std::int32_t returns) {
    return [&, returns](const tasker_call& call, tasker_outcome& out) {
      EXPECT_EQ(table()->complete(table(), call.token, &first), TASKER_E_OK);
      EXPECT_TRUE(outcomes_.empty()) << "the input is the plugin's until run() returns";
      EXPECT_EQ(table()->complete(table(), call.token, &second), TASKER_E_STALE);
      out.payload = text_of("3");
      return returns;
    };
  };
  for (const std::int32_t returns : std::vector<std::int32_t>{TASKER_PENDING, TASKER_DONE, 99}) {
    const auto& outcomes = run(completes(returns));
    ASSERT_EQ(outcomes.size(), 1u) << returns;
    EXPECT_EQ(outcomes[0].payload, "1") << "the first wins";
  }
  run([&](const tasker_call& call, auto&) -> std::int32_t {
    table()->complete(table(), call.token, &first);
    throw 1;
  });
  ASSERT_EQ(outcomes_.size(), 1u);
  EXPECT_EQ(outcomes_[0].payload, "1");
}

TEST_F(Invoke, RacingCompletionsGiveExactlyOneOutcome) {
  for (int round = 0; round < 2000; ++round) {
    std::atomic<int> accepted{0}, ready{0};
    std::vector<std::thread> threads;
    run([&](const tasker_call& call, tasker_outcome& out) {
      for (int i = 0; i < 2; ++i)
        threads.emplace_back([&, token = call.token] {
          ++ready;
          while (ready < 3) std::this_thread::yield();
          const auto outcome = answer(TASKER_OK, "1");
          accepted += table()->complete(table(), token, &outcome) == TASKER_E_OK;
        });
      ++ready;
      while (ready < 3) std::this_thread::yield();
      out.payload = text_of("2");
      return round % 2 ? TASKER_PENDING : TASKER_DONE;
    });
    for (auto& thread : threads) thread.join();
    ASSERT_EQ(outcomes_.size(), 1u);
    ASSERT_LE(accepted, 1);
    ASSERT_EQ(outcomes_[0].payload, accepted ? "1" : "2");
    ASSERT_EQ(host_.gate().inside(), 0);
  }
}

// A deadline or a cancellation is a stop bit; a host that shuts down retires the plugin and waits for its attempts.
TEST_F(Invoke, CompletionsRacingWithTheEndGiveExactlyOneOutcome) {
  constexpr int kRounds = 10'000;
  std::atomic<int> round{0}, ended{0};
  std::atomic<tasker_token> token{0};
  std::atomic<HostTable*> host{nullptr};
  const auto each_round = [&](auto act) {
    return std::thread([&, act] {
      for (int next = 1; next <= kRounds; ++next) {
        while (round.load() < next) std::this_thread::yield();
        act(next);
        ++ended;
      }
    });
  };
  std::atomic<int> accepted{0};
  std::thread completer = each_round([&](int) {
    const auto outcome = answer(TASKER_OK, "1");
    accepted += host.load()->table()->complete(host.load()->table(), token, &outcome) == TASKER_E_OK;
  });
  std::thread ender = each_round([&](int number) {
    if (number % 4 < 2) {
      input_.stop->store(TASKER_STOP_DEADLINE | TASKER_STOP_CANCELLED);
      host.load()->table()->should_stop(host.load()->table(), token);
      return;
    }
    host.load()->retire();
    host.load()->gate().wait_until_empty(std::chrono::steady_clock::now() + std::chrono::seconds(60));
  });
  std::optional<HostTable> plugin;  // the last one outlives the threads
  for (int number = 1; number <= kRounds && !HasFailure(); ++number) {
    plugin.emplace(attempts_, "payments/refund 1.2.0", AttemptLimits{});
    host = &*plugin;
    input_.stop->store(0);
    outcomes_.clear();
    run_ = [&](const tasker_call& call, tasker_outcome& out) {
      token = call.token;
      round = number;
      out.payload = text_of("2");
      return number % 2 ? TASKER_PENDING : TASKER_DONE;
    };
    const int before = accepted;
    run_handler(*plugin, &run_, handler_, input_, [this](AttemptOutcome outcome) {
      const std::lock_guard lock(mutex_);
      outcomes_.push_back(std::move(outcome));
    });
    while (ended < 2 * number) std::this_thread::yield();
    EXPECT_EQ(outcomes_.size(), 1u) << "round " << number;
    EXPECT_TRUE(!outcomes_.empty() && outcomes_[0].payload == (accepted > before ? "1" : "2")) << "round " << number;
    EXPECT_EQ(plugin->gate().inside(), 0) << "round " << number;
    const auto late = answer(TASKER_OK, "3");
    EXPECT_EQ(plugin->table()->complete(plugin->table(), token, &late), TASKER_E_STALE) << "round " << number;
  }
  round = kRounds;  // lets the threads go, should a round have failed
  completer.join();
  ender.join();
}

// Whatever of the plugin's runs when the process goes down, it is named.
using InvokeDeathTest = Invoke;

tasker_outcome crashing_answer() {
  tasker_outcome outcome{};
  outcome.struct_size = sizeof(outcome);
  outcome.release = [](void*) { std::raise(SIGSEGV); };
  return outcome;
}

constexpr const char* kStepLine = "in plugin payments/refund 1.2.0, step charge of task 7, attempt 1";

TEST_F(InvokeDeathTest, ACrashInReleaseNamesTheStep) {
  const auto released = [](std::int32_t returns) {
    return [returns](auto&, tasker_outcome& out) {
      out = crashing_answer();
      return returns;
    };
  };
  EXPECT_EXIT((install_crash_report(""), run(released(TASKER_DONE))), testing::KilledBySignal(SIGSEGV), kStepLine);
  EXPECT_EXIT((install_crash_report(""), run(released(17))), testing::KilledBySignal(SIGSEGV), kStepLine);
}

TEST_F(InvokeDeathTest, ACrashWhileTheHostCopiesAnOutcomeNamesTheStep) {
  const auto broken = [](auto&, tasker_outcome& out) {
    out.payload = {reinterpret_cast<const char*>(8), 2};
    return TASKER_DONE;
  };
  EXPECT_EXIT((install_crash_report(""), run(broken)), testing::KilledBySignal(SIGSEGV), kStepLine);
}

TEST_F(InvokeDeathTest, ACrashInsideCompleteNamesTheStep) {
  const auto completes = [this](const tasker_call& call, auto&) {
    std::thread([this, &call] {
      const auto outcome = crashing_answer();
      table()->complete(table(), call.token, &outcome);
    }).join();
    return TASKER_PENDING;
  };
  EXPECT_EXIT((install_crash_report(""), run(completes)), testing::KilledBySignal(SIGSEGV), kStepLine);
}

TEST_F(InvokeDeathTest, ACrashAfterCompleteOnTheStepsOwnThreadNamesItStill) {
  const auto completes = [this](const tasker_call& call, auto&) {
    const auto outcome = answer(TASKER_OK, "1");
    table()->complete(table(), call.token, &outcome);
    std::raise(SIGSEGV);
    return TASKER_PENDING;
  };
  EXPECT_EXIT((install_crash_report(""), run(completes)), testing::KilledBySignal(SIGSEGV), kStepLine);
}

TEST_F(InvokeDeathTest, ACrashAtTheStartOrEndNamesThePlugin) {
  tasker_plugin plugin{};
  plugin.init = [](const tasker_host*, tasker_str, void**, tasker_outcome*) -> std::int32_t { return std::raise(SIGSEGV); };
  plugin.drain = [](void*) { std::raise(SIGSEGV); };
  plugin.fini = [](void*) { std::raise(SIGSEGV); };
  const auto line = [](const std::string& where) { return "in plugin payments/refund 1.2.0, in its " + where; };
  EXPECT_EXIT((install_crash_report(""), static_cast<void>(call_init(plugin, host_, "{}"))), testing::KilledBySignal(SIGSEGV), line("init"));
  EXPECT_EXIT((install_crash_report(""), static_cast<void>(call_drain(plugin, nullptr, host_.source()))), testing::KilledBySignal(SIGSEGV), line("drain"));
  EXPECT_EXIT((install_crash_report(""), static_cast<void>(call_fini(plugin, nullptr, host_.source()))), testing::KilledBySignal(SIGSEGV), line("fini"));
}

TEST_F(Invoke, AClosedGateLetsNobodyIn) {
  host_.gate().close();
  const auto& outcomes = run([](auto&, auto&) -> std::int32_t { ADD_FAILURE(); return TASKER_DONE; });
  ASSERT_EQ(outcomes.size(), 1u);
  EXPECT_EQ(outcomes[0].kind, OutcomeKind::retry);
  EXPECT_TRUE(host_.gate().wait_until_empty(std::chrono::steady_clock::now()));
}

TEST_F(Invoke, AnotherPluginsTokenIsStale) {
  HostTable other(attempts_, "else/where 1.0.0", {});
  run([&](const tasker_call& call, auto&) {
    const auto outcome = answer(TASKER_OK, "1");
    EXPECT_EQ(other.table()->complete(other.table(), call.token, &outcome), TASKER_E_STALE);
    return TASKER_DONE;
  });
  EXPECT_EQ(outcomes_.size(), 1u);
}

TEST_F(Invoke, LogsFromManyThreadsAndAfterTheEnd) {
  tasker_token token = 0;
  run([&](const tasker_call& call, auto&) {
    token = call.token;
    std::vector<std::thread> threads;
    for (int i = 0; i < 8; ++i)
      threads.emplace_back([&] {
        for (int line = 0; line < 20; ++line)
          table()->log(table(), token, TASKER_LOG_DEBUG, text_of("working"), text_of(R"({"n": 1})"));
      });
    for (auto& thread : threads) thread.join();
    return TASKER_DONE;
  });
  table()->log(table(), token, TASKER_LOG_DEBUG, text_of(std::string(1 << 20, 'x')), text_of("not json"));
  table()->log(table(), 0, 99, {nullptr, 12}, {nullptr, 7});
  EXPECT_EQ(table()->extension(table(), "tasker.metrics/1"), nullptr);
}

// Not a timed test: prints what one call costs, for people.
TEST_F(Invoke, PrintsWhatACallCosts) {
  constexpr int kCalls = 100'000;
  int done = 0;
  run_ = [](const tasker_call&, tasker_outcome& out) { return out.payload = text_of(R"({"n":1})"), TASKER_DONE; };
  const auto start = std::chrono::steady_clock::now();
  for (int i = 0; i < kCalls; ++i) run_handler(host_, &run_, handler_, input_, [&done](AttemptOutcome) { ++done; });
  const auto spent = std::chrono::steady_clock::now() - start;
  EXPECT_EQ(done, kCalls);
  RecordProperty("ns_per_call", static_cast<int>(std::chrono::nanoseconds(spent).count() / kCalls));
  std::printf("one call through the ABI: %d ns\n", static_cast<int>(std::chrono::nanoseconds(spent).count() / kCalls));
}

}  // namespace
}  // namespace tasker::plugin
