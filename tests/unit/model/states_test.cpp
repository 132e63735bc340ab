#include "model/states.h"

#include <gtest/gtest.h>

#include <deque>
#include <set>

namespace tasker::model {
namespace {

const std::set<std::string_view> kSeedWords = {"pending", "in_progress", "complete",
                                               "error",   "cancelled",   "resolved_manually"};

TEST(TaskState, TextsLeadBackToTheState) {
  for (TaskState state : kTaskStates) EXPECT_EQ(task_state_from(state_text(state)), state);
  EXPECT_EQ(task_state_from("ready"), std::nullopt);
  EXPECT_EQ(task_state_from(""), std::nullopt);
}

TEST(StepState, TextsLeadBackToTheState) {
  for (StepState state : kStepStates) EXPECT_EQ(step_state_from(state_text(state)), state);
  EXPECT_EQ(step_state_from("paused"), std::nullopt);
}

TEST(StepState, ShowsTheSeedsWord) {
  EXPECT_EQ(seed_status(StepState::ready), "pending");
  EXPECT_EQ(seed_status(StepState::waiting_for_event), "pending");
  EXPECT_EQ(seed_status(StepState::waiting_for_retry), "error");
  EXPECT_EQ(seed_status(StepState::skipped), "complete");
  EXPECT_EQ(seed_status(TaskState::paused), "pending");
  for (StepState state : kStepStates)
    EXPECT_TRUE(kSeedWords.contains(seed_status(state))) << state_text(state);
  for (TaskState state : kTaskStates)
    EXPECT_TRUE(kSeedWords.contains(seed_status(state))) << state_text(state);
}

TEST(StepState, SatisfiesAChildOnlyWhenDoneWell) {
  std::set<StepState> satisfying;
  for (StepState state : kStepStates) {
    if (satisfies_child(state)) satisfying.insert(state);
  }
  EXPECT_EQ(satisfying, (std::set{StepState::complete, StepState::skipped, StepState::resolved_manually}));
}

template <class State, std::size_t N>
std::set<State> reachable_from(State start, const std::array<State, N>&) {
  std::set<State> seen{start};
  std::deque<State> open{start};
  while (!open.empty()) {
    for (State next : transitions_from(open.front())) {
      if (seen.insert(next).second) open.push_back(next);
    }
    open.pop_front();
  }
  return seen;
}

TEST(Transitions, EveryStateHasAProducer) {
  EXPECT_EQ(reachable_from(StepState::pending, kStepStates).size(), kStepStates.size());
  EXPECT_EQ(reachable_from(TaskState::pending, kTaskStates).size(), kTaskStates.size());
}

TEST(Transitions, OnlyFinalStatesMayBeWithoutAWayOut) {
  for (StepState state : kStepStates)
    EXPECT_TRUE(is_final(state) || !transitions_from(state).empty()) << state_text(state);
  for (TaskState state : kTaskStates)
    EXPECT_TRUE(is_final(state) || !transitions_from(state).empty()) << state_text(state);
}

TEST(Transitions, NothingLeavesAnEndThatIsGood) {
  for (StepState state : kStepStates) {
    EXPECT_TRUE(!satisfies_child(state) || transitions_from(state).empty()) << state_text(state);
    EXPECT_FALSE(may_become(state, state)) << state_text(state);
  }
  EXPECT_TRUE(transitions_from(TaskState::complete).empty());
  EXPECT_TRUE(transitions_from(TaskState::cancelled).empty());
}

TEST(Transitions, OnlyAClaimedStepFinishesAnAttempt) {
  for (StepState state : kStepStates) {
    EXPECT_EQ(may_become(state, StepState::complete), state == StepState::in_progress) << state_text(state);
    EXPECT_EQ(may_become(state, StepState::waiting_for_retry), state == StepState::in_progress)
        << state_text(state);
  }
}

}  // namespace
}  // namespace tasker::model
