// The shape of a task: steps and edges, checked and put in order. Ords are given in dependency order, parents
// first; among steps that are free at the same time the order of the YAML decides. Immutable and pure: [any]
// thread.
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/ids.h"
#include "base/result.h"

namespace tasker::model {

// A step as written: the graph refers to it by its place in the list.
struct GraphStep {
  std::string name;
  std::vector<std::string> parents;  // names; naming one twice counts once
};

// Who stands beside each step, all in one piece of memory: walking a task's graph is what the ready set does.
class Neighbours {
 public:
  Neighbours() = default;
  explicit Neighbours(const std::vector<std::vector<Ord>>& lists);
  std::span<const Ord> of(Ord ord) const {
    const auto at = static_cast<std::size_t>(ord);
    return {all_.data() + begins_[at - 1], all_.data() + begins_[at]};
  }

 private:
  std::vector<Ord> all_;
  std::vector<std::uint32_t> begins_;  // of each list in all_, and the end of the last
};

class TaskGraph {
 public:
  // Refuses: no steps, more than kMaxStepsPerTask, duplicate names, unknown or own name among the parents
  // (template.invalid), and cycles (template.cycle, with the cycle named: `a -> b -> a`).
  static Result<TaskGraph> build(const std::vector<GraphStep>& steps);

  int size() const { return static_cast<int>(written_.size()); }
  // The index in the list given to build().
  std::size_t written_index(Ord ord) const { return written_[index(ord)]; }
  std::span<const Ord> parents(Ord ord) const { return parents_.of(ord); }    // ascending
  std::span<const Ord> children(Ord ord) const { return children_.of(ord); }  // ascending
  std::span<const int> parent_counts() const { return parent_counts_; }       // [ord - 1]
  int level(Ord ord) const {
    return levels_[index(ord)];
  }  // 0 without parents; else one more than the deepest parent

 private:
  static std::size_t index(Ord ord) { return static_cast<std::size_t>(ord - 1); }

  std::vector<std::size_t> written_;
  Neighbours parents_, children_;
  std::vector<int> parent_counts_;
  std::vector<int> levels_;
};

// Which steps become ready as others are satisfied: the in-memory store's and the tests' view of one task.
// Reusable; allocates only when a larger graph than ever before is begun. Not thread-safe.
class ReadySet {
 public:
  // Starts over: all steps without parents are ready.
  void begin(const TaskGraph& graph);
  // Marks `ord` as satisfied (once) and answers its children that became ready with it. Valid until the next
  // call.
  std::span<const Ord> satisfy(Ord ord);
  std::span<const Ord> initial() const { return initial_; }
  bool all_satisfied() const { return open_ == 0; }

 private:
  static constexpr int kSatisfied = -kMaxStepsPerTask - 1;  // stays below zero when parents are satisfied after it

  const TaskGraph* graph_ = nullptr;
  std::vector<int> pending_parents_;  // [ord - 1]; below zero: satisfied
  std::vector<Ord> initial_;
  std::vector<Ord> became_ready_;
  int open_ = 0;
};

}  // namespace tasker::model
