// kill -9 in the middle of work: nothing is lost, nothing that was completed runs again, and every effect is there once.
#include <gmock/gmock.h>

#include "system/support/workplace.h"

namespace tasker::test {
namespace {

constexpr int kOrders = 2000;
constexpr int kSteps = 3;

class Kill : public testing::Test {
 protected:
  // One task an order, in bulk.
  std::vector<std::int64_t> submit_all(const HttpClient& http) {
    std::vector<std::int64_t> ids;
    Json tasks = Json::array();
    for (const auto& order : place.orders()) {
      tasks.push_back({{"name", "order_process"}, {"context", {{"order_id", order.at("order_id")}}}});
      if (tasks.size() < 1000) continue;
      const auto answer = http.post("/tasker/tasks/bulk", Json{{"tasks", tasks}});
      EXPECT_EQ(answer.status, 201) << answer.text;
      for (const auto& id : answer.json().value("task_ids", Json::array())) ids.push_back(id.get<std::int64_t>());
      tasks.clear();
    }
    return ids;
  }

  void expect_one_line_for_each_step() {
    std::map<std::string, int> lines_by_key;
    for (const auto& line : place.ledger()) ++lines_by_key[line.at("idempotency_key").get<std::string>()];
    EXPECT_EQ(lines_by_key.size(), static_cast<std::size_t>(kOrders * kSteps));
    for (const auto& [key, lines] : lines_by_key) EXPECT_EQ(lines, 1) << "the effect of " << key;
  }

  Workplace place;
};

// The history of one step: attempts that were lost, then the one that completed it, and nothing after it.
void expect_completed_once(const Json& step, int& lost) {
  const auto& history = step.at("attempt_history");
  ASSERT_FALSE(history.empty()) << step.dump(1);
  for (std::size_t i = 0; i + 1 < history.size(); ++i) {
    EXPECT_THAT(history[i].at("outcome"), testing::AnyOf("lost", "handed_back")) << step.dump(1);
    if (history[i].at("outcome") == "lost") ++lost;
  }
  EXPECT_EQ(history.back().at("outcome"), "ok") << step.dump(1);
}

TEST_F(Kill, ThreeTimesAmongTwoThousandTasksLosesAndDoublesNothing) {
  place.make_orders(kOrders);
  place.drop("default/order_process-1.0.0.so");
  const Tuning tuning{.gateway_latency_ms = 20};
  auto host = place.dev(tuning);
  ASSERT_TRUE(host->wait_until_ready());
  ASSERT_TRUE(eventually([&] { return host->http().has_loaded("order_process", "1.0.0", "default"); }));
  const auto tasks = submit_all(host->http());
  ASSERT_EQ(tasks.size(), static_cast<std::size_t>(kOrders));

  for (const std::size_t lines : {1000u, 2500u, 4000u}) {
    ASSERT_TRUE(eventually([&] { return place.ledger_lines() >= lines; }));
    host->kill_hard();
    EXPECT_LT(place.ledger_lines(), static_cast<std::size_t>(kOrders * kSteps)) << "there was nothing left to interrupt";
    host = place.dev(tuning);
    ASSERT_TRUE(host->wait_until_ready());
  }

  int lost = 0;
  for (const auto id : tasks) {
    const auto task = host->http().ended(id);
    ASSERT_EQ(task.value("detail", ""), "complete") << task.dump(1);
    for (const auto& step : task.at("workflow_steps")) expect_completed_once(step, lost);
  }
  EXPECT_GT(lost, 0) << "no attempt was interrupted: the test has not tested";
  expect_one_line_for_each_step();
}

}  // namespace
}  // namespace tasker::test
