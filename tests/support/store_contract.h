// What every engine::Store promises, as one suite: run against PostgreSQL and against the in-memory store, so that the
// engine's tests on the latter mean something. A world gives:
//   engine::Store& store();  Published publish(name, graph);  HostId another_host();
//   void cancel(TaskId);  void pause(TaskId);  void resume(TaskId);
//   std::string task_state(TaskId);  std::string step_state(StepKey);
//   void pass(engine::Millis);      // the store's clock
// Instantiate: INSTANTIATE_TYPED_TEST_SUITE_P(Memory, StoreContract, MemoryWorld);
#pragma once

#include <gtest/gtest.h>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "support/awaited.h"
#include "support/template_text.h"

namespace tasker::test {

template <class World>
class StoreContract : public ::testing::Test {
 protected:
  using Kind = model::OutcomeKind;
  using Steps = std::vector<engine::ClaimedStep>;

  void SetUp() override { host = world.another_host(); }

  TemplateId publish(const std::string& name, const std::string& graph) {
    const auto published = world.publish(name, graph);
    auto all = std::make_shared<std::vector<PluginId>>(*plugins);
    all->push_back(published.plugin_id);
    plugins = all;
    return published.template_id;
  }

  engine::SubmitAnswer submit(TemplateId id, int count = 1, int room = 1000) {
    engine::SubmitRequest request;
    request.host = host;
    request.room = room;
    request.plugins = plugins;
    request.tasks.resize(static_cast<std::size_t>(count));
    for (auto& task : request.tasks) task.template_id = id;
    auto answer = await<engine::SubmitAnswer>([&](auto reply) { world.store().submit(request, reply); });
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? *answer : engine::SubmitAnswer{};
  }

  // What became of the request, and of a replayed one that nothing came with it.
  Result<engine::CreatedTasks> submit_keyed(TemplateId id, const std::string& key, const std::string& digest) {
    engine::SubmitRequest request;
    request.host = host;
    request.room = 1000;
    request.plugins = plugins;
    request.tasks.resize(2);
    for (auto& task : request.tasks) task.template_id = id;
    request.parts = {{2, {key, digest, std::chrono::hours(1)}}};
    const auto answer = await<engine::SubmitAnswer>([&](auto reply) { world.store().submit(request, reply); });
    if (!answer) return answer.error();
    const auto& part = answer->parts.at(0);
    EXPECT_EQ(answer->claimed.size(), part && !part->replayed ? 2u : 0u);
    EXPECT_FALSE(answer->queued);
    return part;
  }

  engine::FinishedAttempt ended(const engine::ClaimedStep& step, Kind kind = Kind::ok) {
    engine::FinishedAttempt attempt;
    attempt.fence = {step.step, step.claim_no};
    attempt.kind = kind;
    attempt.payload = kind == Kind::ok ? "{\"n\": 1}" : "";
    attempt.ended = std::chrono::steady_clock::now();
    return attempt;
  }

  Result<engine::CompleteAnswer> try_complete(std::vector<engine::FinishedAttempt> attempts, int room = 1000) {
    auto request = std::make_shared<engine::CompleteRequest>();
    request->host = host;
    std::sort(attempts.begin(), attempts.end(), [](const auto& a, const auto& b) { return a.fence < b.fence; });
    request->attempts = std::move(attempts);
    request->room = room;
    request->plugins = plugins;
    return await<engine::CompleteAnswer>([&](auto reply) { world.store().complete(request, reply); });
  }
  engine::CompleteAnswer complete(std::vector<engine::FinishedAttempt> attempts, int room = 1000) {
    auto answer = try_complete(std::move(attempts), room);
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? *answer : engine::CompleteAnswer{};
  }

  Steps claim(TaskId task, int room = 100) {
    const engine::ClaimRequest request{host, static_cast<Lane>(raw(task) % world.store().lanes()), room, plugins};
    auto answer = await<Steps>([&](auto reply) { world.store().claim(request, reply); });
    EXPECT_TRUE(answer) << answer.error().message;
    return answer ? *answer : Steps{};
  }

  static std::vector<Ord> ords(const Steps& steps) {
    std::vector<Ord> list;
    for (const auto& step : steps) list.push_back(step.step.ord);
    std::sort(list.begin(), list.end());
    return list;
  }

  World world;
  HostId host{};
  std::shared_ptr<const std::vector<PluginId>> plugins = std::make_shared<std::vector<PluginId>>();
};

TYPED_TEST_SUITE_P(StoreContract);

TYPED_TEST_P(StoreContract, IdsAscendAndFirstStepsAreClaimed) {
  const auto answer = this->submit(this->publish("two", "a; b"), 5);
  ASSERT_EQ(answer.tasks.size(), 5u);
  EXPECT_TRUE(std::is_sorted(answer.tasks.begin(), answer.tasks.end()));
  EXPECT_EQ(answer.claimed.size(), 10u);
  EXPECT_FALSE(answer.queued);
  EXPECT_EQ(answer.claimed[0].attempt, 1);
  EXPECT_EQ(answer.claimed[0].claim_no, 1);
}

TYPED_TEST_P(StoreContract, WhatHasNoRoomIsQueued) {
  const auto answer = this->submit(this->publish("three", "a; b; c"), 1, 1);
  EXPECT_EQ(answer.claimed.size(), 1u);
  EXPECT_TRUE(answer.queued);
  const auto peeked = *await<engine::PeekAnswer>([&](auto reply) { this->world.store().peek(this->plugins, reply); });
  EXPECT_EQ(peeked.lanes.size(), 1u);
  EXPECT_EQ(this->claim(answer.tasks[0]).size(), 2u);
  EXPECT_TRUE(this->claim(answer.tasks[0]).empty());
}

TYPED_TEST_P(StoreContract, AJoinWaitsForAllItsParents) {
  const auto submitted = this->submit(this->publish("diamond", "a; b: a; c: a; d: b c"));
  auto answer = this->complete({this->ended(submitted.claimed.at(0))});
  ASSERT_EQ(this->ords(answer.claimed), (std::vector<Ord>{2, 3}));
  const auto both = answer.claimed;
  EXPECT_TRUE(this->complete({this->ended(both[0])}).claimed.empty());
  answer = this->complete({this->ended(both[1])});
  ASSERT_EQ(this->ords(answer.claimed), std::vector<Ord>{4});
  answer = this->complete({this->ended(answer.claimed[0])});
  ASSERT_EQ(answer.ended.size(), 1u);
  EXPECT_TRUE(answer.ended[0].complete);
  EXPECT_EQ(this->world.task_state(submitted.tasks[0]), "complete");
}

TYPED_TEST_P(StoreContract, BothParentsInOneBatchClaimTheJoinOnce) {
  const auto submitted = this->submit(this->publish("join", "a; b; c: a b"));
  const auto answer = this->complete({this->ended(submitted.claimed.at(0)), this->ended(submitted.claimed.at(1))});
  EXPECT_EQ(this->ords(answer.claimed), std::vector<Ord>{3});
}

TYPED_TEST_P(StoreContract, ARepeatedCompleteAnswersTheSame) {
  const auto submitted = this->submit(this->publish("linear", "a; b: a"));
  const auto first = this->complete({this->ended(submitted.claimed.at(0))});
  const auto second = this->complete({this->ended(submitted.claimed.at(0))});
  ASSERT_EQ(second.claimed.size(), 1u);
  EXPECT_EQ(second.claimed[0].claim_no, first.claimed.at(0).claim_no);
  EXPECT_TRUE(second.stale.empty());
  this->complete({this->ended(first.claimed[0])});
  EXPECT_EQ(this->complete({this->ended(first.claimed[0])}).ended.size(), 1u);
}

TYPED_TEST_P(StoreContract, ARepeatedOutcomeTellsNoChildThatEndsInTheSameBatchAndAnEndOnce) {
  const auto submitted = this->submit(this->publish("linear", "a; b: a; c"));
  const auto first = this->ended(submitted.claimed.at(0));
  const auto child = this->complete({first}).claimed.at(0);
  EXPECT_TRUE(this->complete({first, this->ended(child)}).claimed.empty());
  const auto last = this->ended(submitted.claimed.at(1));
  EXPECT_EQ(this->complete({last}).ended.size(), 1u);
  EXPECT_EQ(this->complete({first, this->ended(child), last}).ended.size(), 1u);
}

TYPED_TEST_P(StoreContract, APausedTaskWithAStepThatGaveUpEndsInError) {
  const auto submitted = this->submit(this->publish("two", "a; b"));
  this->world.pause(submitted.tasks[0]);
  this->complete({this->ended(submitted.claimed.at(0), model::OutcomeKind::cancelled)});
  this->world.resume(submitted.tasks[0]);
  const auto answer = this->complete({this->ended(submitted.claimed.at(1))});
  ASSERT_EQ(answer.ended.size(), 1u);
  EXPECT_FALSE(answer.ended[0].complete);
}

TYPED_TEST_P(StoreContract, AnOldFenceIsStaleAndWritesNothing) {
  const auto submitted = this->submit(this->publish("one", "a"));
  const auto step = submitted.claimed.at(0);
  *await<int>([&](auto reply) { this->world.store().hand_back(this->host, {{step.step, step.claim_no}}, reply); });
  const auto again = this->claim(submitted.tasks[0]);
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].claim_no, 2);
  EXPECT_EQ(again[0].attempt, 1);
  const auto late = this->complete({this->ended(step)});
  ASSERT_EQ(late.stale.size(), 1u);
  EXPECT_EQ(late.stale[0], (Fence{step.step, 1}));
  EXPECT_EQ(this->world.step_state(step.step), "in_progress");
}

TYPED_TEST_P(StoreContract, ARetryIsClaimedWhenItIsDue) {
  const auto submitted = this->submit(this->publish("one", "a"));
  auto attempt = this->ended(submitted.claimed.at(0), model::OutcomeKind::retry);
  attempt.delay = engine::Millis(60'000);
  attempt.checkpoint = "[7]";
  const auto answer = this->complete({attempt});
  EXPECT_GT(answer.next_due, engine::Millis(50'000));
  EXPECT_EQ(this->world.step_state(submitted.claimed[0].step), "waiting_for_retry");
  EXPECT_TRUE(this->claim(submitted.tasks[0]).empty());
  this->world.pass(engine::Millis(61'000));
  const auto again = this->claim(submitted.tasks[0]);
  ASSERT_EQ(again.size(), 1u);
  EXPECT_EQ(again[0].attempt, 2);
  const auto inputs = *await<std::vector<engine::StepInputs>>(
      [&](auto reply) { this->world.store().load({again[0].step}, reply); });
  ASSERT_EQ(inputs.size(), 1u);
  EXPECT_EQ(inputs[0].checkpoint, "[7]");
}

TYPED_TEST_P(StoreContract, TheBudgetEndsInError) {
  const auto submitted = this->submit(this->publish("one", "a"));
  auto step = submitted.claimed.at(0);
  for (int attempt = 1; attempt < 3; ++attempt) {
    this->complete({this->ended(step, model::OutcomeKind::retry)});
    step = this->claim(submitted.tasks[0]).at(0);
  }
  const auto answer = this->complete({this->ended(step, model::OutcomeKind::retry)});
  ASSERT_EQ(answer.ended.size(), 1u);
  EXPECT_FALSE(answer.ended[0].complete);
  EXPECT_EQ(this->world.step_state(step.step), "error");
  EXPECT_EQ(this->world.task_state(submitted.tasks[0]), "error");
}

TYPED_TEST_P(StoreContract, WaitingSpendsNoAttempt) {
  const auto submitted = this->submit(this->publish("one", "a!"));
  auto step = submitted.claimed.at(0);
  for (int turn = 0; turn < 3; ++turn) {
    this->complete({this->ended(step, model::OutcomeKind::wait)});
    step = this->claim(submitted.tasks[0]).at(0);
    EXPECT_EQ(step.attempt, 1);
  }
  EXPECT_TRUE(this->complete({this->ended(step)}).ended.at(0).complete);
}

TYPED_TEST_P(StoreContract, AFailedStepEndsItsTaskWhenNothingMoves) {
  const auto submitted = this->submit(this->publish("two", "a; b; c: b"));
  EXPECT_TRUE(this->complete({this->ended(submitted.claimed.at(0), model::OutcomeKind::fail)}).ended.empty());
  EXPECT_EQ(this->world.task_state(submitted.tasks[0]), "in_progress");
  auto answer = this->complete({this->ended(submitted.claimed.at(1))});
  EXPECT_TRUE(answer.ended.empty());
  answer = this->complete({this->ended(answer.claimed.at(0))});
  ASSERT_EQ(answer.ended.size(), 1u);
  EXPECT_FALSE(answer.ended[0].complete);
}

TYPED_TEST_P(StoreContract, ACancelledTaskStartsNothingAndEndsWithItsLastStep) {
  const auto submitted = this->submit(this->publish("fork", "a; b; c: a"));
  this->world.cancel(submitted.tasks[0]);
  EXPECT_TRUE(this->complete({this->ended(submitted.claimed.at(0))}).claimed.empty());
  EXPECT_EQ(this->world.step_state({submitted.tasks[0], 3}), "cancelled");
  const auto answer = this->complete({this->ended(submitted.claimed.at(1), model::OutcomeKind::retry)});
  EXPECT_EQ(answer.ended.size(), 1u) << "a retry asked for in a cancelled task never comes";
  EXPECT_EQ(this->world.step_state(submitted.claimed[1].step), "cancelled");
  EXPECT_EQ(this->world.task_state(submitted.tasks[0]), "cancelled");
}

TYPED_TEST_P(StoreContract, APausedTaskGoesOnWhenResumed) {
  const auto submitted = this->submit(this->publish("linear", "a; b: a"));
  this->world.pause(submitted.tasks[0]);
  EXPECT_TRUE(this->complete({this->ended(submitted.claimed.at(0))}).claimed.empty());
  EXPECT_TRUE(this->claim(submitted.tasks[0]).empty());
  this->world.resume(submitted.tasks[0]);
  EXPECT_EQ(this->ords(this->claim(submitted.tasks[0])), std::vector<Ord>{2});
}

TYPED_TEST_P(StoreContract, WhatIsHandedBackOfAPausedTaskWaitsUntilItIsResumed) {
  const auto submitted = this->submit(this->publish("two", "a; b"));
  this->world.pause(submitted.tasks[0]);
  const auto& first = submitted.claimed.at(0);
  EXPECT_EQ(*await<int>([&](auto reply) { this->world.store().hand_back(this->host, {{first.step, first.claim_no}}, reply); }), 1);
  EXPECT_EQ(this->world.step_state(first.step), "pending");
  EXPECT_TRUE(this->claim(submitted.tasks[0]).empty());
  EXPECT_EQ(this->world.task_state(submitted.tasks[0]), "paused");
  this->world.resume(submitted.tasks[0]);
  const auto again = this->claim(submitted.tasks[0]);
  ASSERT_EQ(this->ords(again), std::vector<Ord>{first.step.ord});
  EXPECT_EQ(again[0].attempt, 1) << "unspent";
}

TYPED_TEST_P(StoreContract, WhatIsHandedBackOfACancelledTaskIsCancelledAndEndsIt) {
  const auto submitted = this->submit(this->publish("three", "a; b; c: a"));
  this->world.cancel(submitted.tasks[0]);
  std::vector<Fence> fences;
  for (const auto& step : submitted.claimed) fences.push_back({step.step, step.claim_no});
  EXPECT_EQ(*await<int>([&](auto reply) { this->world.store().hand_back(this->host, fences, reply); }), 2);
  for (const Ord ord : {1, 2, 3}) EXPECT_EQ(this->world.step_state({submitted.tasks[0], ord}), "cancelled") << ord;
  EXPECT_EQ(this->world.task_state(submitted.tasks[0]), "cancelled");
  EXPECT_TRUE(this->claim(submitted.tasks[0]).empty());
  EXPECT_EQ(*await<int>([&](auto reply) { this->world.store().hand_back(this->host, fences, reply); }), 0) << "repeated";
}

TYPED_TEST_P(StoreContract, FiveHundredOutcomesOfOneTaskAndTheirJoinShareABatch) {
  std::string graph, parents;
  for (int i = 1; i <= 500; ++i) {
    const std::string name = "s" + std::to_string(i);
    graph += name + "; ";
    parents += " " + name;
  }
  const auto submitted = this->submit(this->publish("wide", graph + "join:" + parents));
  ASSERT_EQ(submitted.claimed.size(), 500u);
  std::vector<engine::FinishedAttempt> batch;
  for (const auto& step : submitted.claimed) batch.push_back(this->ended(step));
  const auto answer = this->complete(batch);
  EXPECT_EQ(this->ords(answer.claimed), std::vector<Ord>{501}) << "the join, once";
  EXPECT_TRUE(answer.ended.empty());
  const auto repeated = this->complete(batch);
  EXPECT_EQ(this->ords(repeated.claimed), std::vector<Ord>{501});
  EXPECT_TRUE(repeated.stale.empty());
  ASSERT_EQ(this->complete({this->ended(answer.claimed.at(0))}).ended.size(), 1u);
  EXPECT_EQ(this->world.task_state(submitted.tasks[0]), "complete");
}

TYPED_TEST_P(StoreContract, TakeoverGivesStepsBackAndRefusesTheDead) {
  const auto submitted = this->submit(this->publish("linear", "a; b: a"), 40);
  const HostId dead = this->host;
  this->host = this->world.another_host();
  EXPECT_EQ(*await<int>([&](auto reply) { this->world.store().reclaim(this->host, {dead}, reply); }), 40);
  EXPECT_EQ(*await<int>([&](auto reply) { this->world.store().reclaim(this->host, {dead}, reply); }), 0);
  const auto claimed = this->claim(submitted.tasks[0]);
  ASSERT_FALSE(claimed.empty());
  EXPECT_EQ(claimed[0].claim_no, 2);
  EXPECT_EQ(claimed[0].attempt, 1);
  this->host = dead;
  const auto refused = this->try_complete({this->ended(submitted.claimed.at(0))});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::host_dead);
}

TYPED_TEST_P(StoreContract, HeldNamesWhatIsInProgressUnderAHost) {
  const auto submitted = this->submit(this->publish("two", "a; b"));
  const auto held = [&](HostId whose) {
    return this->ords(*await<std::vector<engine::ClaimedStep>>([&](auto reply) { this->world.store().held(whose, reply); }));
  };
  EXPECT_EQ(held(this->host), (std::vector<Ord>{1, 2}));
  this->complete({this->ended(submitted.claimed.at(0))});
  EXPECT_EQ(held(this->host), std::vector<Ord>{2});
  EXPECT_TRUE(held(this->world.another_host()).empty());
}

TYPED_TEST_P(StoreContract, HeartbeatsShowOthersCounters) {
  const HostId other = this->world.another_host();
  const auto seen = [&](HostId by, HostId of) {
    auto beats = await<std::vector<engine::Heartbeat>>([&](auto reply) { this->world.store().heartbeat(by, reply); });
    for (const auto& beat : *beats) {
      if (beat.host == of) return beat.counter;
    }
    return std::int64_t{-100};
  };
  const auto before = seen(other, this->host);
  seen(this->host, other);
  EXPECT_EQ(seen(other, this->host), before + 1);
  await<int>([&](auto reply) { this->world.store().leave(this->host, reply); });
  EXPECT_LE(seen(other, this->host), -1) << "a host that left holds nothing, or is told as dead";
}

TYPED_TEST_P(StoreContract, LoadAnswersContextAndParentsResults) {
  const auto submitted = this->submit(this->publish("linear", "a; b: a"));
  const auto answer = this->complete({this->ended(submitted.claimed.at(0))});
  const auto inputs = *await<std::vector<engine::StepInputs>>([&](auto reply) {
    this->world.store().load({answer.claimed.at(0).step, {static_cast<TaskId>(1), 1}}, reply);
  });
  ASSERT_EQ(inputs.size(), 1u) << "an unknown step has no answer";
  EXPECT_EQ(inputs[0].context, "{}");
  ASSERT_EQ(inputs[0].parent_results.size(), 1u);
  EXPECT_EQ(inputs[0].parent_results[0].second, "{\"n\": 1}");
}

TYPED_TEST_P(StoreContract, ARequestThatComesTwiceUnderOneKeyGetsTheFirstOnesTasks) {
  const TemplateId one = this->publish("one", "a");
  const auto first = this->submit_keyed(one, "k", "00");
  ASSERT_TRUE(first) << first.error().message;
  EXPECT_FALSE(first->replayed);
  const auto again = this->submit_keyed(one, "k", "00");
  ASSERT_TRUE(again) << again.error().message;
  EXPECT_TRUE(again->replayed);
  EXPECT_EQ(again->tasks, first->tasks);
  const auto other = this->submit_keyed(one, "l", "00");
  ASSERT_TRUE(other) << other.error().message;
  EXPECT_FALSE(other->replayed);
  EXPECT_NE(other->tasks, first->tasks);
  EXPECT_TRUE(this->submit(one, 2).parts.empty());
}

TYPED_TEST_P(StoreContract, AKeyIsRefusedForAnotherRequestWhileItCounts) {
  const TemplateId one = this->publish("one", "a");
  const auto first = this->submit_keyed(one, "k", "00");
  ASSERT_TRUE(first) << first.error().message;
  const auto refused = this->submit_keyed(one, "k", "01");
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, Code::idempotency_key_reused);
  this->world.pass(std::chrono::minutes(59));
  EXPECT_FALSE(this->submit_keyed(one, "k", "01"));
  this->world.pass(std::chrono::minutes(2));
  const auto later = this->submit_keyed(one, "k", "01");
  ASSERT_TRUE(later) << later.error().message;
  EXPECT_FALSE(later->replayed);
  EXPECT_NE(later->tasks, first->tasks);
}

TYPED_TEST_P(StoreContract, ADeadHostTakesNoKeyAndGetsNoAnswerToOne) {
  const TemplateId one = this->publish("one", "a");
  ASSERT_TRUE(this->submit_keyed(one, "k", "00"));
  const HostId other = this->world.another_host();
  await<int>([&](auto reply) { this->world.store().reclaim(other, {this->host}, reply); });
  for (const char* key : {"k", "l"}) EXPECT_EQ(this->submit_keyed(one, key, "01").error().code, Code::host_dead) << key;
  this->host = other;
  const auto free = this->submit_keyed(one, "l", "00");
  ASSERT_TRUE(free) << free.error().message;
  EXPECT_FALSE(free->replayed);
}

REGISTER_TYPED_TEST_SUITE_P(StoreContract, IdsAscendAndFirstStepsAreClaimed, WhatHasNoRoomIsQueued,
                            AJoinWaitsForAllItsParents, BothParentsInOneBatchClaimTheJoinOnce,
                            ARepeatedCompleteAnswersTheSame,
                            ARepeatedOutcomeTellsNoChildThatEndsInTheSameBatchAndAnEndOnce,
                            APausedTaskWithAStepThatGaveUpEndsInError, AnOldFenceIsStaleAndWritesNothing, ARetryIsClaimedWhenItIsDue,
                            TheBudgetEndsInError, WaitingSpendsNoAttempt, AFailedStepEndsItsTaskWhenNothingMoves,
                            ACancelledTaskStartsNothingAndEndsWithItsLastStep, APausedTaskGoesOnWhenResumed,
                            WhatIsHandedBackOfAPausedTaskWaitsUntilItIsResumed,
                            WhatIsHandedBackOfACancelledTaskIsCancelledAndEndsIt,
                            FiveHundredOutcomesOfOneTaskAndTheirJoinShareABatch, TakeoverGivesStepsBackAndRefusesTheDead, HeldNamesWhatIsInProgressUnderAHost,
                            ARequestThatComesTwiceUnderOneKeyGetsTheFirstOnesTasks, AKeyIsRefusedForAnotherRequestWhileItCounts,
                            ADeadHostTakesNoKeyAndGetsNoAnswerToOne, HeartbeatsShowOthersCounters, LoadAnswersContextAndParentsResults);

}  // namespace tasker::test
