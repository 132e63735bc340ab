#include "model/task_graph.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <numeric>
#include <random>
#include <set>

namespace tasker::model {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

std::vector<std::string> names(const TaskGraph& graph, const std::vector<GraphStep>& steps) {
  std::vector<std::string> out;
  for (Ord ord = 1; ord <= graph.size(); ++ord) out.push_back(steps[graph.written_index(ord)].name);
  return out;
}

Error error_of(const std::vector<GraphStep>& steps) {
  const auto graph = TaskGraph::build(steps);
  EXPECT_FALSE(graph);
  return graph ? Error{} : graph.error();
}

const std::vector<GraphStep> kDiamond = {
    {"report", {"left", "right"}}, {"right", {"parse"}}, {"left", {"parse"}}, {"parse", {}}};

TEST(TaskGraph, PutsParentsFirstAndKeepsTheWrittenOrderOtherwise) {
  const auto graph = TaskGraph::build(kDiamond).value();
  EXPECT_THAT(names(graph, kDiamond), ElementsAre("parse", "right", "left", "report"));
  EXPECT_THAT(graph.parents(1), IsEmpty());
  EXPECT_THAT(graph.children(1), ElementsAre(2, 3));
  EXPECT_THAT(graph.parents(4), ElementsAre(2, 3));
  EXPECT_EQ(graph.level(1), 0);
  EXPECT_EQ(graph.level(3), 1);
  EXPECT_EQ(graph.level(4), 2);
}

TEST(TaskGraph, LevelIsTheLongestPath) {
  const auto graph =
      TaskGraph::build({{"a", {}}, {"b", {"a"}}, {"c", {"a", "b"}}, {"d", {"a", "c"}}}).value();
  EXPECT_EQ(graph.level(4), 3);
}

TEST(TaskGraph, CountsAParentNamedTwiceOnce) {
  const auto graph = TaskGraph::build({{"a", {}}, {"b", {"a", "a"}}}).value();
  EXPECT_THAT(graph.parents(2), ElementsAre(1));
}

TEST(TaskGraph, NamesTheCycle) {
  const Error two = error_of({{"a", {"b"}}, {"b", {"a"}}});
  EXPECT_EQ(two.code, Code::template_cycle);
  EXPECT_THAT(two.message, HasSubstr("a -> b -> a"));
  // `start` leads into the circle and `after` hangs on it: neither is part of it.
  const Error three =
      error_of({{"start", {}}, {"a", {"start", "c"}}, {"b", {"a"}}, {"c", {"b"}}, {"after", {"c"}}});
  EXPECT_THAT(three.message, HasSubstr(": a -> b -> c -> a"));
}

TEST(TaskGraph, RefusesWhatIsNoGraph) {
  EXPECT_THAT(error_of({}).message, HasSubstr("at least one step"));
  EXPECT_THAT(error_of({{"a", {"x"}}}).message, HasSubstr("step \"a\" depends on \"x\""));
  EXPECT_THAT(error_of({{"a", {"a"}}}).message, HasSubstr("depends on itself"));
  EXPECT_THAT(error_of({{"a", {}}, {"a", {}}}).message, HasSubstr("two steps are named \"a\""));
  EXPECT_EQ(error_of({{"a", {"x"}}}).code, Code::template_invalid);
}

std::vector<GraphStep> chain(int length) {
  std::vector<GraphStep> steps;
  for (int i = 0; i < length; ++i) {
    steps.push_back({std::to_string(i), {}});
    if (i > 0) steps.back().parents = {std::to_string(i - 1)};
  }
  return steps;
}

TEST(TaskGraph, TakesTheLargestTaskAndNoLarger) {
  const auto graph = TaskGraph::build(chain(kMaxStepsPerTask)).value();
  EXPECT_EQ(graph.level(kMaxStepsPerTask), kMaxStepsPerTask - 1);
  EXPECT_THAT(error_of(chain(kMaxStepsPerTask + 1)).message, HasSubstr("at most 16383"));
}

TEST(ReadySet, ReleasesAChildWithItsLastParent) {
  const auto graph = TaskGraph::build(kDiamond).value();
  ReadySet ready;
  ready.begin(graph);
  EXPECT_THAT(ready.initial(), ElementsAre(1));
  EXPECT_THAT(ready.satisfy(1), ElementsAre(2, 3));
  EXPECT_THAT(ready.satisfy(3), IsEmpty());
  EXPECT_THAT(ready.satisfy(3), IsEmpty()) << "satisfied twice counts once";
  EXPECT_FALSE(ready.all_satisfied());
  EXPECT_THAT(ready.satisfy(2), ElementsAre(4));
  EXPECT_THAT(ready.satisfy(4), IsEmpty());
  EXPECT_TRUE(ready.all_satisfied());
}

TEST(ReadySet, AStepThatIsSatisfiedBeforeItsParentsCountsOnce) {
  const auto graph = TaskGraph::build(kDiamond).value();
  ReadySet ready;
  ready.begin(graph);
  EXPECT_THAT(ready.satisfy(4), IsEmpty());
  for (const Ord ord : {1, 2, 3}) ready.satisfy(ord);
  EXPECT_TRUE(ready.all_satisfied());
  EXPECT_THAT(ready.satisfy(4), IsEmpty());
  EXPECT_TRUE(ready.all_satisfied()) << "counted twice, the number of open steps would fall below zero";
}

// On random graphs, in random order: each step becomes ready exactly once and never before its parents.
TEST(ReadySet, RunsEveryRandomGraphToItsEnd) {
  std::mt19937 random(3);
  ReadySet ready;
  for (int round = 0; round < 200; ++round) {
    const int size = 1 + static_cast<int>(random() % 40);
    std::vector<GraphStep> steps;
    for (int i = 0; i < size; ++i) {
      steps.push_back({"s" + std::to_string(i), {}});
      for (int parent = 0; parent < i; ++parent) {
        if (random() % 8 == 0) steps.back().parents.push_back("s" + std::to_string(parent));
      }
    }
    std::ranges::shuffle(steps, random);
    const auto graph = TaskGraph::build(steps).value();
    ready.begin(graph);
    std::vector<Ord> runnable(ready.initial().begin(), ready.initial().end());
    std::set<Ord> done;
    while (!runnable.empty()) {
      std::swap(runnable[random() % runnable.size()], runnable.back());
      const Ord ord = runnable.back();
      runnable.pop_back();
      for (Ord parent : graph.parents(ord)) {
        EXPECT_TRUE(done.contains(parent));
        EXPECT_LT(parent, ord);
        EXPECT_LT(graph.level(parent), graph.level(ord));
      }
      EXPECT_TRUE(done.insert(ord).second);
      const auto released = ready.satisfy(ord);
      runnable.insert(runnable.end(), released.begin(), released.end());
    }
    EXPECT_TRUE(ready.all_satisfied());
    EXPECT_EQ(static_cast<int>(done.size()), size);
  }
}

}  // namespace
}  // namespace tasker::model
