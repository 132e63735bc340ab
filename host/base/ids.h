// Identities as types, so that a lane is never passed for an ord. All are plain integers in PostgreSQL.
#pragma once

#include <compare>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <type_traits>

namespace tasker {

enum class TaskId : std::int64_t {};      // grows with time, safe in JavaScript (below 2^53)
enum class HostId : std::int32_t {};      // one life of one host process
enum class PluginId : std::int32_t {};    // one version of one plugin: (namespace, name, version)
enum class TemplateId : std::int32_t {};  // one version of one task definition
using Lane = std::int16_t;                // task_id % lanes; leads every key of task-owned tables
using Ord = std::int32_t;                 // a step's number inside its task, 1..kMaxStepsPerTask, parents first

inline constexpr Ord kMaxStepsPerTask = 16383;

template <class Id>
  requires std::is_enum_v<Id>
constexpr auto raw(Id id) {
  return static_cast<std::underlying_type_t<Id>>(id);
}

// A step is (task_id, ord) inside; outside it is one integer, like the predecessor's workflow_step_id.
struct StepKey {
  TaskId task{};
  Ord ord = 0;
  auto operator<=>(const StepKey&) const = default;
};

constexpr std::int64_t workflow_step_id(StepKey key) { return raw(key.task) * 16384 + key.ord; }
constexpr StepKey step_key(std::int64_t id) {
  return {static_cast<TaskId>(id / 16384), static_cast<Ord>(id % 16384)};
}

// The right to write a step's outcome: claim_no only grows, over retries, hand-backs and takeovers.
struct Fence {
  StepKey step;
  std::int32_t claim_no = 0;
  auto operator<=>(const Fence&) const = default;
};

struct StepKeyHash {
  std::size_t operator()(const StepKey& key) const {
    return std::hash<std::int64_t>{}(workflow_step_id(key));
  }
};

}  // namespace tasker
