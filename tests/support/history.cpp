#include "support/history.h"

#include <algorithm>
#include <random>
#include <sstream>

namespace tasker::test {
namespace {

using Kind = Happening::Kind;

class Drawer {
 public:
  explicit Drawer(unsigned seed) : random_(seed) {}
  int pick(int low, int high) {
    return low + static_cast<int>(random_() % static_cast<unsigned>(high - low + 1));
  }
  unsigned number() { return static_cast<unsigned>(random_()); }

 private:
  std::mt19937 random_;
};

// Wide, deep, layered with joins, disconnected, or anything.
ModelGraph random_graph(Drawer& draw) {
  ModelGraph graph;
  const int shape = draw.pick(0, 5);
  const int size = shape == 0 ? draw.pick(4, draw.pick(1, 8) == 1 ? 40 : 12) : draw.pick(1, 9);
  graph.steps.resize(static_cast<std::size_t>(size));
  const int share = draw.pick(2, 6);
  for (int ord = 1; ord <= size; ++ord) {
    auto& step = graph.steps[static_cast<std::size_t>(ord - 1)];
    step.retry_limit = draw.pick(0, 3) == 0 ? 1 : draw.pick(2, 4);
    step.retryable = draw.pick(0, 5) > 0;
    for (int parent = 1; parent < ord; ++parent) {
      const bool takes = shape == 0   ? parent == 1 || ord == size  // a fan with its join
                         : shape == 1 ? parent == ord - 1           // a chain
                         : shape == 2
                             ? (parent - 1) / 3 + 1 == (ord - 1) / 3  // layers of three, all with all
                         : shape == 3 ? parent + 2 == ord             // two chains side by side
                                      : draw.pick(1, share) == 1;
      if (takes) step.parents.push_back(parent);
    }
  }
  return graph;
}

ModelGraph without_step(ModelGraph graph, int gone) {
  graph.steps.erase(graph.steps.begin() + gone - 1);
  for (auto& step : graph.steps) {
    std::erase(step.parents, gone);
    for (int& parent : step.parents) parent -= parent > gone ? 1 : 0;
  }
  return graph;
}

}  // namespace

History History::random(unsigned seed, int length) {
  Drawer draw(seed);
  History history;
  for (int i = draw.pick(1, 3); i > 0; --i) history.graphs.push_back(random_graph(draw));
  // Each history has habits of its own: rare things happen often in some.
  constexpr int usual[] = {4, 14, 24, 4, 4, 2, 1, 2, 6, 6, 4};
  std::vector<Kind> bag;
  for (int kind = 0; kind <= static_cast<int>(Kind::look); ++kind) {
    bag.insert(bag.end(), static_cast<std::size_t>(usual[kind] * draw.pick(0, 4)), static_cast<Kind>(kind));
  }
  bag.push_back(Kind::complete);
  history.happenings.push_back({Kind::submit, draw.number()});
  for (int i = 1; i < length; ++i) {
    const auto at = static_cast<std::size_t>(draw.pick(0, static_cast<int>(bag.size()) - 1));
    history.happenings.push_back({bag[at], draw.number()});
  }
  return history;
}

std::string History::text() const {
  std::ostringstream out;
  for (const auto& graph : graphs) {
    out << "  graph";
    for (std::size_t i = 0; i < graph.steps.size(); ++i) {
      const auto& step = graph.steps[i];
      out << (i ? "; " : " ") << i + 1 << (step.retryable ? "" : "!") << "(" << step.retry_limit << ")";
      for (const int parent : step.parents) out << " <" << parent;
    }
    out << "\n";
  }
  return out.str();
}

History shrunk(History failing, const FailureOf& failure_of, int tries) {
  const auto still_fails = [&](const History& smaller) {
    if (tries-- <= 0 || smaller.happenings.empty() || failure_of(smaller).empty()) return false;
    failing = smaller;
    return true;
  };
  for (bool smaller = true; smaller && tries > 0;) {
    smaller = false;
    for (std::size_t part = std::max<std::size_t>(1, failing.happenings.size() / 2); part > 0; part /= 2) {
      for (std::size_t at = failing.happenings.size(); at >= part && tries > 0; at -= part) {
        if (at > failing.happenings.size()) continue;
        History candidate = failing;
        const auto from = candidate.happenings.begin() + static_cast<std::ptrdiff_t>(at - part);
        candidate.happenings.erase(from, from + static_cast<std::ptrdiff_t>(part));
        smaller |= still_fails(candidate);
      }
    }
    for (std::size_t which = 0; which < failing.graphs.size(); ++which) {
      for (int gone = static_cast<int>(failing.graphs[which].steps.size());
           gone > 0 && failing.graphs[which].steps.size() > 1; --gone) {
        History candidate = failing;
        candidate.graphs[which] = without_step(candidate.graphs[which], gone);
        smaller |= still_fails(candidate);
      }
    }
  }
  return failing;
}

}  // namespace tasker::test
