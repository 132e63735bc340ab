// The shape of a task: steps and edges, checked and put in order. Ords are given in dependency order, parents
// first; among steps that are free at the same time the order of the YAML decides. Immutable and pure: [any]
// thread.
#pragma once

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

class TaskGraph {
 public:
  // Refuses: no steps, more than kMaxStepsPerTask, duplicate names, unknown or own name among the parents
  // (template.invalid), and cycles (template.cycle, with the cycle named: `a -> b -> a`).
  static Result<TaskGraph> build(const std::vector<GraphStep>& steps);

  int size() const { return static_cast<int>(written_.size()); }
  // The index in the list given to build().
  std::size_t written_index(Ord ord) const { return written_[index(ord)]; }
  std::span<const Ord> parents(Ord ord) const { return parents_[index(ord)]; }    // ascending
  std::span<const Ord> children(Ord ord) const { return children_[index(ord)]; }  // ascending
  int level(Ord ord) const {
    return levels_[index(ord)];
  }  // 0 without parents; else one more than the deepest parent

 private:
  static std::size_t index(Ord ord) { return static_cast<std::size_t>(ord - 1); }

  std::vector<std::size_t> written_;
  std::vector<std::vector<Ord>> parents_;
  std::vector<std::vector<Ord>> children_;
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
  const TaskGraph* graph_ = nullptr;
  std::vector<int> pending_parents_;
  std::vector<char> satisfied_;
  std::vector<Ord> initial_;
  std::vector<Ord> became_ready_;
  int open_ = 0;
};

}  // namespace tasker::model
