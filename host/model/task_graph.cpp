#include "model/task_graph.h"

#include <algorithm>
#include <functional>
#include <queue>
#include <unordered_map>

#include <fmt/format.h>

namespace tasker::model {
namespace {

using Index = std::size_t;
using Edges = std::vector<std::vector<Index>>;  // by written index

Error invalid(std::string message) {
  return make_error(Code::template_invalid, std::move(message));
}

// The parents of every step as written indexes, ascending and without repeats.
Result<Edges> resolve_parents(const std::vector<GraphStep>& steps) {
  std::unordered_map<std::string_view, Index> by_name;
  by_name.reserve(steps.size());
  for (Index i = 0; i < steps.size(); ++i) {
    if (!by_name.emplace(steps[i].name, i).second) {
      return invalid(fmt::format("two steps are named \"{}\"; step names must differ", steps[i].name));
    }
  }
  Edges parents(steps.size());
  for (Index i = 0; i < steps.size(); ++i) {
    for (const std::string& name : steps[i].parents) {
      const auto found = by_name.find(name);
      if (found == by_name.end()) {
        return invalid(fmt::format("step \"{}\" depends on \"{}\", which is not a step of this template",
                                   steps[i].name, name));
      }
      if (found->second == i) return invalid(fmt::format("step \"{}\" depends on itself", steps[i].name));
      parents[i].push_back(found->second);
    }
    std::ranges::sort(parents[i]);
    parents[i].erase(std::unique(parents[i].begin(), parents[i].end()), parents[i].end());
  }
  return parents;
}

// Kahn's algorithm; the smallest written index among the free steps goes first. Shorter than the list if
// there is a cycle.
std::vector<Index> dependency_order(const Edges& parents) {
  Edges children(parents.size());
  std::vector<Index> open(parents.size());
  std::priority_queue<Index, std::vector<Index>, std::greater<>> free;
  for (Index i = 0; i < parents.size(); ++i) {
    open[i] = parents[i].size();
    if (open[i] == 0) free.push(i);
    for (Index parent : parents[i]) children[parent].push_back(i);
  }
  std::vector<Index> order;
  order.reserve(parents.size());
  while (!free.empty()) {
    const Index next = free.top();
    free.pop();
    order.push_back(next);
    for (Index child : children[next]) {
      if (--open[child] == 0) free.push(child);
    }
  }
  return order;
}

// Every step that Kahn left over has a parent that was left over too, so walking from parent to parent must
// come back to a step already seen. Read backwards, that loop follows the data: `a -> b -> a`.
std::string name_cycle(const std::vector<GraphStep>& steps, const Edges& parents,
                       const std::vector<Index>& order) {
  std::vector<char> placed(steps.size(), 0);
  for (Index i : order) placed[i] = 1;
  const auto unplaced = [&](Index i) { return placed[i] == 0; };
  Index at = static_cast<Index>(std::ranges::find(placed, 0) - placed.begin());
  std::vector<Index> path;
  std::vector<char> seen(steps.size(), 0);
  while (!seen[at]) {
    seen[at] = 1;
    path.push_back(at);
    at = *std::ranges::find_if(parents[at], unplaced);
  }
  path.erase(path.begin(), std::ranges::find(path, at));
  std::ranges::reverse(path);
  std::rotate(path.begin(), std::min_element(path.begin(), path.end()), path.end());  // clang 14 cannot read ranges::rotate
  std::string text;
  for (Index i : path) text.append(steps[i].name).append(" -> ");
  return text.append(steps[path.front()].name);
}

}  // namespace

Neighbours::Neighbours(const std::vector<std::vector<Ord>>& lists) {
  begins_.reserve(lists.size() + 1);
  begins_.push_back(0);
  for (const std::vector<Ord>& list : lists) {
    all_.insert(all_.end(), list.begin(), list.end());
    begins_.push_back(static_cast<std::uint32_t>(all_.size()));
  }
}

Result<TaskGraph> TaskGraph::build(const std::vector<GraphStep>& steps) {
  if (steps.empty()) return invalid("a template needs at least one step");
  if (steps.size() > static_cast<std::size_t>(kMaxStepsPerTask)) {
    return invalid(
        fmt::format("the template has {} steps; at most {} are possible", steps.size(), kMaxStepsPerTask));
  }
  const auto parents = resolve_parents(steps);
  if (!parents) return parents.error();
  std::vector<Index> order = dependency_order(*parents);
  if (order.size() < steps.size()) {
    return make_error(Code::template_cycle,
                      "the steps depend on each other in a circle: " + name_cycle(steps, *parents, order));
  }
  TaskGraph graph;
  std::vector<std::vector<Ord>> ordered_parents(steps.size()), children(steps.size());
  graph.parent_counts_.resize(steps.size());
  graph.levels_.resize(steps.size());
  std::vector<Ord> ord_of(steps.size());
  for (Index place = 0; place < order.size(); ++place) ord_of[order[place]] = static_cast<Ord>(place + 1);
  for (Index place = 0; place < order.size(); ++place) {
    for (Index parent : (*parents)[order[place]]) {
      const Ord parent_ord = ord_of[parent];
      ordered_parents[place].push_back(parent_ord);
      children[index(parent_ord)].push_back(static_cast<Ord>(place + 1));
      graph.levels_[place] = std::max(graph.levels_[place], graph.levels_[index(parent_ord)] + 1);
    }
    std::ranges::sort(ordered_parents[place]);
    graph.parent_counts_[place] = static_cast<int>(ordered_parents[place].size());
  }
  graph.parents_ = Neighbours(ordered_parents);
  graph.children_ = Neighbours(children);
  graph.written_ = std::move(order);
  return graph;
}

void ReadySet::begin(const TaskGraph& graph) {
  graph_ = &graph;
  const auto counts = graph.parent_counts();
  pending_parents_.assign(counts.begin(), counts.end());
  became_ready_.resize(counts.size());
  initial_.reserve(counts.size());
  initial_.clear();
  open_ = graph.size();
  for (Ord ord = 1; ord <= graph.size(); ++ord)
    if (counts[static_cast<std::size_t>(ord - 1)] == 0) initial_.push_back(ord);
}

std::span<const Ord> ReadySet::satisfy(Ord ord) {
  int* const pending = pending_parents_.data();  // [ord - 1]
  if (pending[ord - 1] < 0) return {};
  pending[ord - 1] = kSatisfied;
  --open_;
  // Written in any case and counted if ready: a branch that guesses wrong costs more than the store.
  Ord* end = became_ready_.data();
  for (const Ord child : graph_->children(ord)) {
    *end = child;
    end += --pending[child - 1] == 0;
  }
  return {became_ready_.data(), end};
}

}  // namespace tasker::model
