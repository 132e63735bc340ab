// The five reference workflows in a real host, named after the items of the acceptance list that they show.
#include <gmock/gmock.h>

#include "system/support/example_host.h"

namespace tasker::test {
namespace {

using testing::ElementsAre;

class ReferenceGraphs : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    host_ = new ExampleHost({"reference/diamond-1.0.0", "reference/linear-1.0.0", "reference/mixed-1.0.0",
                             "reference/parallel_merge-1.0.0", "reference/tree-1.0.0"});
  }
  static void TearDownTestSuite() { delete host_; }
  static Json run(const char* graph, const Json& context = {{"values", {9, 1, 8, 2, 7, 3, 6, 4}}}) {
    return host_->run(std::string("reference/") + graph, context);
  }
  static std::vector<std::string> parents(const Json& task, const char* step) {
    return step_of(task, step).at("depends_on");
  }
  static Json result(const Json& task, const char* step) { return step_of(task, step).at("results"); }
  static Json graph(const char* name) {
    return host_->http().get(std::string("/tasker/handlers/reference/") + name).json().at("dependency_graph");
  }

  static inline ExampleHost* host_ = nullptr;
};

TEST_F(ReferenceGraphs, Item1LinearFinishesAllSixStepsInOrder) {
  const auto task = run("linear");
  EXPECT_EQ(task.at("detail"), "complete") << task.dump(1);
  EXPECT_EQ(complete_steps(task), 6);
  for (const auto& step : task.at("workflow_steps")) {
    EXPECT_EQ(step.at("processed"), true);
    EXPECT_EQ(step.at("attempts"), 1);
  }
  expect_parents_first(task);
  EXPECT_EQ(result(task, "validate_output").at("values"),
            (Json{0.0, 0.125, 0.25, 0.375, 0.625, 0.75, 0.875, 1.0}));
}

TEST_F(ReferenceGraphs, Item2DiamondMergesOnlyWhenBothBranchesAreComplete) {
  const auto task = run("diamond", {{"values", {2, 4, 4, 4, 5, 5, 7, 9}}});
  EXPECT_EQ(task.at("detail"), "complete") << task.dump(1);
  expect_parents_first(task);
  EXPECT_THAT(parents(task, "merge"), ElementsAre("b1_validate", "b2_validate"));
  EXPECT_THAT(parents(task, "end"), ElementsAre("merge"));
  EXPECT_EQ(result(task, "merge").at("count"), 8);
  EXPECT_DOUBLE_EQ(result(task, "merge").at("deviation"), 2);
}

TEST_F(ReferenceGraphs, Item2ABranchThatFailsKeepsTheMergeFromRunning) {
  const auto task = run("diamond", {{"values", {1}}});  // nothing is left for the second half
  EXPECT_EQ(task.at("detail"), "error");
  EXPECT_EQ(state_of(task, "b1_validate"), "complete");
  EXPECT_EQ(step_of(task, "b2_validate").at("last_error").at("code"), "series.empty_part");
  EXPECT_EQ(state_of(task, "merge"), "pending");
  EXPECT_EQ(step_of(task, "merge").at("attempts"), 0);
  EXPECT_EQ(state_of(task, "end"), "pending");
}

TEST_F(ReferenceGraphs, Item3ParallelMergeHasFourRootsAndItsMergeWaitsForAllFour) {
  const auto task = run("parallel_merge");
  EXPECT_EQ(task.at("detail"), "complete") << task.dump(1);
  for (const char* root : {"totals", "checked", "sorted", "scaled"})
    EXPECT_TRUE(parents(task, root).empty()) << root;
  EXPECT_EQ(parents(task, "merge").size(), 4U);
  expect_parents_first(task);
  const auto report = Json::parse(read_file(result(task, "merge").at("report").get<std::string>()));
  EXPECT_EQ(report.at("median").at("median"), 5);
  EXPECT_EQ(report.at("totals").at("count"), 8);
}

TEST_F(ReferenceGraphs, Item4TheAggregateOfTheTreeWaitsForAllFourLeaves) {
  const auto task = run("tree");
  EXPECT_EQ(task.at("detail"), "complete") << task.dump(1);
  EXPECT_THAT(parents(task, "aggregate"), ElementsAre("a1", "a2", "b1", "b2"));
  expect_parents_first(task);
  EXPECT_EQ(result(task, "aggregate").at("values"), (Json{1.0, 2.0, 3.0, 4.0, 6.0, 7.0, 8.0, 9.0}));
}

TEST_F(ReferenceGraphs, Item5AFailedOptionalLeafKeepsTheTaskFromBeingCompleteAndNothingElse) {
  const Json context = {{"values", {5, 50, 7, 500}}, {"low", 0}, {"high", 100}};
  const auto whole = run("mixed", context);
  EXPECT_EQ(whole.at("detail"), "complete") << whole.dump(1);
  EXPECT_EQ(complete_steps(whole), 9);
  expect_parents_first(whole);
  EXPECT_EQ(result(whole, "sort_values").at("values"), (Json{5.0, 7.0, 50.0}));

  Json without_chart = context;
  without_chart["chart_width"] = 0;
  const auto task = run("mixed", without_chart);
  EXPECT_EQ(task.at("detail"), "error");
  EXPECT_EQ(state_of(task, "chart"), "error");
  EXPECT_EQ(state_of(task, "finish"), "complete");
  EXPECT_EQ(complete_steps(task), 8);
}

TEST_F(ReferenceGraphs, Item9AConvergenceThatFailsIsTriedAgainAndItsBranchesAreNot) {
  const auto reports = host_->shop() / "reports";
  std::filesystem::remove_all(reports);
  std::filesystem::create_directories(host_->shop());
  write_file(reports, "a file in the folder's place");
  const auto id = host_->submit("reference/parallel_merge", {{"values", {3, 1, 2}}});
  ASSERT_TRUE(eventually([&] { return step_of(host_->http().task(id), "merge").at("attempts") >= 1; }));
  std::filesystem::remove(reports);
  const auto task = host_->http().ended(id);
  EXPECT_EQ(task.at("detail"), "complete") << task.dump(1);
  EXPECT_GE(step_of(task, "merge").at("attempts"), 2);
  EXPECT_EQ(step_of(task, "merge").at("attempt_history")[0].at("code"), "report.unwritable");
  for (const char* branch : {"totals", "checked", "sorted", "median", "scaled", "scaled_totals"})
    EXPECT_EQ(step_of(task, branch).at("attempts"), 1) << branch;
}

TEST_F(ReferenceGraphs, Item87EachGraphHasAnOrderThatPutsParentsFirst) {
  for (const char* name : {"linear", "diamond", "parallel_merge", "tree", "mixed"}) {
    const auto shown = graph(name);
    const std::vector<std::string> order = shown.at("execution_order");
    EXPECT_EQ(order.size(), shown.at("nodes").size()) << name;
    const auto place = [&](const Json& step) {
      return std::find(order.begin(), order.end(), step.get<std::string>());
    };
    for (const auto& edge : shown.at("edges"))
      EXPECT_LT(place(edge.at("from")), place(edge.at("to"))) << name << edge.dump();
  }
  EXPECT_EQ(graph("mixed").at("nodes").size(), 9U);
  EXPECT_EQ(graph("mixed").at("edges").size(), 9U);
}

}  // namespace
}  // namespace tasker::test
