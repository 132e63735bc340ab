// The states of tasks and steps, their texts, and which transitions are allowed: one table each. The words
// are those of the SQL enums task_state and step_state (a test compares them); the database performs the
// transitions, this says which ones there are. Pure and constexpr at heart: [any] thread.
#pragma once

#include <array>
#include <optional>
#include <span>
#include <string_view>

namespace tasker::model {

enum class TaskState { pending, in_progress, paused, complete, error, cancelled, resolved_manually };

enum class StepState {
  pending,            // a parent is not satisfied yet
  ready,              // due, and waits for a host with room
  in_progress,        // claimed by a host
  waiting_for_retry,  // failed, with attempts left: due at run_at
  waiting_for_event,
  complete,
  error,  // failed for good
  cancelled,
  skipped,
  resolved_manually
};

inline constexpr std::array kTaskStates = {
    TaskState::pending, TaskState::in_progress, TaskState::paused,           TaskState::complete,
    TaskState::error,   TaskState::cancelled,   TaskState::resolved_manually};
inline constexpr std::array kStepStates = {StepState::pending,
                                           StepState::ready,
                                           StepState::in_progress,
                                           StepState::waiting_for_retry,
                                           StepState::waiting_for_event,
                                           StepState::complete,
                                           StepState::error,
                                           StepState::cancelled,
                                           StepState::skipped,
                                           StepState::resolved_manually};

std::string_view state_text(TaskState state);
std::string_view state_text(StepState state);
std::optional<TaskState> task_state_from(std::string_view text);
std::optional<StepState> step_state_from(std::string_view text);

// The predecessor's six words, shown where its interfaces have a status: pending, in_progress, complete,
// error, cancelled, resolved_manually.
std::string_view seed_status(TaskState state);
std::string_view seed_status(StepState state);

// Staying in a state is not a transition.
bool may_become(TaskState from, TaskState to);
bool may_become(StepState from, StepState to);
std::span<const TaskState> transitions_from(TaskState from);
std::span<const StepState> transitions_from(StepState from);

// A child may run once all its parents are in such a state.
bool satisfies_child(StepState state);
// No host and no clock moves it any more; an operator still may.
bool is_final(StepState state);
bool is_final(TaskState state);

}  // namespace tasker::model
