// Two hosts on one database: they share the work, and what one leaves behind when it is killed the other one finishes.
#include <gmock/gmock.h>
#include <signal.h>

#include "support/sql_client.h"
#include "support/temp_db.h"
#include "system/support/workplace.h"

namespace tasker::test {
namespace {

constexpr int kOrders = 600;
constexpr int kSteps = 3;

class Hosts : public testing::Test {
 protected:
  void start(int orders, const Tuning& tuning) {
    place.make_orders(orders);
    place.drop("default/order_process-1.0.0.so");
    for (const char* name : {"one", "two"}) hosts.push_back(place.serve(database.conninfo(), tuning, name));
    for (const auto& host : hosts) {
      ASSERT_TRUE(host->wait_until_ready());
      ASSERT_TRUE(eventually([&] { return active_on_all(*host); }));
    }
  }
  bool active_on_all(const TaskerProcess& host) {
    const auto plugins = host.http().get("/tasker/plugins").json().value("plugins", Json::array());
    return !plugins.empty() && plugins[0].value("hosts", 0) == 2;
  }

  std::vector<std::int64_t> submit_all(const HttpClient& http) {
    Json tasks = Json::array();
    for (const auto& order : place.orders())
      tasks.push_back({{"name", "order_process"}, {"context", {{"order_id", order.at("order_id")}}}});
    const auto answer = http.post("/tasker/tasks/bulk", Json{{"tasks", tasks}});
    EXPECT_EQ(answer.status, 201) << answer.text;
    return answer.json().value("task_ids", Json::array()).get<std::vector<std::int64_t>>();
  }

  TempDb database;
  Workplace place;
  std::vector<std::unique_ptr<TaskerProcess>> hosts;
};

struct Histories {
  std::map<std::int64_t, int> completed_by_host;
  int lost = 0;
};

void read_history(const Json& step, Histories& seen) {
  std::set<int> claims;
  int completed = 0;
  for (const auto& attempt : step.at("attempt_history")) {
    EXPECT_TRUE(claims.insert(attempt.at("claim_no").get<int>()).second) << "one claim on two hosts: " << step.dump(1);
    if (attempt.at("outcome") == "lost") ++seen.lost;
    if (attempt.at("outcome") != "ok") continue;
    ++completed;
    ++seen.completed_by_host[attempt.at("host_id").get<std::int64_t>()];
  }
  EXPECT_EQ(completed, 1) << step.dump(1);
}

class HostsAtWork : public Hosts {
 protected:
  void SetUp() override { start(kOrders, {.workers = 4, .liveness_seconds = 2, .gateway_latency_ms = 20}); }
  // Half of the effects are there, and both hosts are in the middle of theirs.
  void begin() {
    tasks = submit_all(hosts[0]->http());
    ASSERT_EQ(tasks.size(), static_cast<std::size_t>(kOrders));
    ASSERT_TRUE(eventually([&] { return place.ledger_lines() >= kOrders; }));
  }
  void expect_all_finished_by(const TaskerProcess& host) {
    const auto began = std::chrono::steady_clock::now();
    for (const auto id : tasks) {
      const auto task = host.http().ended(id);
      ASSERT_EQ(task.value("detail", ""), "complete") << task.dump(1);
      for (const auto& step : task.at("workflow_steps")) read_history(step, seen);
    }
    // Two seconds until the silence counts, a few for the work itself; the rest is for a loaded machine.
    EXPECT_LT(std::chrono::steady_clock::now() - began, std::chrono::seconds(45));
    EXPECT_GE(seen.completed_by_host.size(), 2u) << "one host did everything";
    EXPECT_GT(seen.lost, 0) << "no attempt was interrupted: the test has not tested";
  }
  void expect_one_line_for_each_step() {
    std::set<std::string> keys;
    for (const auto& line : place.ledger())
      EXPECT_TRUE(keys.insert(line.at("idempotency_key").get<std::string>()).second);
    EXPECT_EQ(keys.size(), static_cast<std::size_t>(kOrders * kSteps));
  }

  std::vector<std::int64_t> tasks;
  Histories seen;
};

TEST_F(HostsAtWork, FinishWhatAKilledOneLeftBehind) {
  begin();
  hosts[0]->kill_hard();
  ASSERT_LT(place.ledger_lines(), static_cast<std::size_t>(kOrders * kSteps)) << "there was nothing left to interrupt";
  expect_all_finished_by(*hosts[1]);
  expect_one_line_for_each_step();
}

// A process that is there but does nothing: only its silent heartbeat tells. Awake again, it finds itself dead, drops
// what it held, and works on under a new life.
TEST_F(HostsAtWork, TakeOverFromOneThatFroze) {
  begin();
  // Not with the ledger's lock in its hand: that would keep every handler of the other host waiting, and is another story.
  place.with_ledger_locked([&] { hosts[0]->freeze(); });
  ASSERT_LT(place.ledger_lines(), static_cast<std::size_t>(kOrders * kSteps)) << "there was nothing left to interrupt";
  expect_all_finished_by(*hosts[1]);
  hosts[0]->signal(SIGCONT);
  const auto again = hosts[0]->http();
  EXPECT_TRUE(eventually([&] { return again.get("/tasker/health/ready").status == 200 && active_on_all(*hosts[0]); }));
  const auto more = submit_all(again);
  for (const auto id : more) EXPECT_EQ(again.ended(id).value("detail", ""), "error");  // paid already: by another task
  expect_one_line_for_each_step();
}

// All work comes in through one of them, more than both can start: whoever has a worker free takes the next. A payment
// keeps its worker for as long on a slow machine as on a fast one, so that the shares do not hang on the processor.
TEST_F(Hosts, ShareABacklogEvenlyAndNoStepRunsOnBoth) {
  constexpr int kBacklog = 1000;
  start(kBacklog, {.workers = 4, .liveness_seconds = 60, .gateway_latency_ms = 25});
  ASSERT_EQ(submit_all(hosts[0]->http()).size(), static_cast<std::size_t>(kBacklog));
  SqlClient sql(database.conninfo());
  ASSERT_TRUE(eventually([&] { return sql.value("select count(*) from tasker.task where state = 'complete'") == std::to_string(kBacklog); }));
  const auto shares = sql.rows("select host_id, count(*) from tasker.attempt group by 1");
  ASSERT_EQ(shares.size(), 2u) << "one host did everything";
  for (const auto& share : shares) {
    EXPECT_GE(std::stoi(share[1]), kBacklog * kSteps / 4) << "host " << share[0] << ": less than half of its share";
  }
  EXPECT_EQ(sql.value("select count(*) || ' ' || count(distinct (task_id, ord)) from tasker.attempt where outcome = 'ok'"),
            std::to_string(kBacklog * kSteps) + " " + std::to_string(kBacklog * kSteps));
  std::set<std::string> keys;
  for (const auto& line : place.ledger()) {
    EXPECT_TRUE(keys.insert(line.at("idempotency_key").get<std::string>()).second) << "two hosts ran " << line.dump();
  }
  EXPECT_EQ(keys.size(), static_cast<std::size_t>(kBacklog * kSteps));
  if (!HasFailure()) std::printf("shares: %s and %s of %d\n", shares[0][1].c_str(), shares[1][1].c_str(), kBacklog * kSteps);
}

}  // namespace
}  // namespace tasker::test
