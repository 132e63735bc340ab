// /tasker/metrics of a running host, read as Prometheus reads it; and by its counters, that a request costs the same few
// statements however much it shows.
#include <gmock/gmock.h>

#include <fstream>
#include <regex>
#include <sstream>

#include "support/sql_client.h"
#include "support/temp_db.h"
#include "system/support/workplace.h"

namespace tasker::test {
namespace {

using testing::HasSubstr;

struct Metrics {
  std::map<std::string, double> values;        // by name and labels, as printed
  std::map<std::string, std::string> types;    // by family

  double operator[](const std::string& series) const {
    const auto found = values.find(series);
    return found == values.end() ? 0 : found->second;
  }
};

// Strict: the test fails on a line that is neither help, type nor sample of the family above it.
Metrics parse(const std::string& text) {
  static const std::regex kComment("# (HELP|TYPE) ([a-z_]+) (.+)");
  static const std::regex kSample("([a-z_]+)(\\{[a-z_]+=\"(?:[^\"\\\\]|\\\\.)*\"\\})? ([-+.0-9eE]+)");
  Metrics out;
  std::string family, line;
  std::istringstream lines(text);
  while (std::getline(lines, line)) {
    std::smatch match;
    if (std::regex_match(line, match, kComment)) {
      if (match[1] == "HELP") EXPECT_FALSE(out.types.contains(match[2])) << "twice: " << line;
      else EXPECT_EQ(match[2], family) << "a type without its help: " << line;
      family = match[2];
      out.types[family] = match[1] == "TYPE" ? match[3].str() : "";
      continue;
    }
    if (!std::regex_match(line, match, kSample)) {
      ADD_FAILURE() << "not a sample: " << line;
      continue;
    }
    const std::string name = match[1];
    const bool of_histogram = out.types[family] == "histogram" &&
                              (name == family + "_bucket" || name == family + "_sum" || name == family + "_count");
    EXPECT_TRUE(name == family || of_histogram) << line << " below " << family;
    EXPECT_TRUE(out.values.emplace(name + match[2].str(), std::stod(match[3])).second) << "twice: " << line;
  }
  return out;
}

class MetricsTest : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    database_ = new TempDb;
    place_ = new Workplace;
    place_->drop("test/echo-1.0.0.so");
    place_->drop("test/fails_for_good-1.0.0.so");
    place_->drop("test/wrong_abi-1.0.0.so");
    host_ = place_->serve(database_->conninfo()).release();
    ASSERT_TRUE(host_->wait_until_ready());
    ASSERT_TRUE(eventually([] { return http().has_loaded("echo") && http().has_loaded("fails_for_good"); }));
  }
  static void TearDownTestSuite() {
    delete host_;
    delete place_;
    delete database_;
  }
  static const HttpClient& http() { return host_->http(); }
  static Metrics scrape() {
    const auto answer = http().get("/tasker/metrics");
    EXPECT_EQ(answer.status, 200);
    EXPECT_THAT(answer.head, HasSubstr("Content-Type: text/plain; version=0.0.4"));
    return parse(answer.text);
  }
  static bool scrape_until(const std::function<bool(const Metrics&)>& holds) {
    return eventually([&] { return holds(scrape()); });
  }

  static inline TempDb* database_ = nullptr;
  static inline Workplace* place_ = nullptr;
  static inline TaskerProcess* host_ = nullptr;
};

TEST_F(MetricsTest, TellWhatTheHostHasDone) {
  const auto before = scrape();
  const auto good = http().submit_many({{"name", "echo"}, {"namespace", "test"}}, 20);
  const auto bad = http().submit({{"name", "fails_for_good"}, {"namespace", "test"}});
  for (const auto id : good) http().ended(id);
  http().ended(bad);
  Metrics after;
  EXPECT_TRUE(scrape_until([&](const Metrics& now) {
    after = now;
    return now["tasker_tasks_ended_total{outcome=\"error\"}"] > before["tasker_tasks_ended_total{outcome=\"error\"}"] &&
           now["tasker_tasks_ended_total{outcome=\"complete\"}"] >= before["tasker_tasks_ended_total{outcome=\"complete\"}"] + 20;
  }));
  const auto grown = [&](const std::string& series) { return after[series] - before[series]; };
  EXPECT_EQ(grown("tasker_tasks_submitted_total"), 21);
  EXPECT_EQ(grown("tasker_step_attempts_total{outcome=\"ok\"}"), 20);
  EXPECT_EQ(grown("tasker_step_attempts_total{outcome=\"fail\"}"), 1);
  EXPECT_EQ(grown("tasker_step_run_seconds_count"), 21);
  EXPECT_EQ(grown("tasker_step_queue_wait_seconds_count"), 21);
  EXPECT_EQ(grown("tasker_commit_outcomes_sum"), 21);
  EXPECT_GE(grown("tasker_commit_seconds_count"), 1);
  EXPECT_GT(grown("tasker_http_answers_total{status=\"201\"}"), 0);
  EXPECT_EQ(after["tasker_stale_outcomes_total"], 0);
  EXPECT_EQ(after["tasker_database_up"], 1);
  EXPECT_EQ(after["tasker_plugins{state=\"active\"}"], 2);
  EXPECT_EQ(after["tasker_plugins{state=\"refused\"}"], 1);
  EXPECT_TRUE(after.values.contains("tasker_heartbeat_age_seconds"));
  EXPECT_LT(after["tasker_heartbeat_age_seconds"], 120);
  EXPECT_TRUE(after.values.contains("tasker_database_connection_queue{connection=\"pg-writer-0\"}"));
  EXPECT_TRUE(after.values.contains("tasker_claim_seconds_bucket{le=\"+Inf\"}"));
  EXPECT_EQ(after.types.at("tasker_step_run_seconds"), "histogram");
}

TEST_F(MetricsTest, EveryHistogramEndsWithAllItCounted) {
  const auto now = scrape();
  int histograms = 0;
  for (const auto& [family, type] : now.types) {
    EXPECT_TRUE(type == "counter" || type == "gauge" || type == "histogram") << family << " is a " << type;
    if (type != "histogram") continue;
    ++histograms;
    EXPECT_EQ(now[family + "_bucket{le=\"+Inf\"}"], now[family + "_count"]) << family;
    std::map<double, double> buckets;
    for (const auto& [series, count] : now.values) {
      if (series.starts_with(family + "_bucket{le=\"") && series.find("Inf") == std::string::npos)
        buckets[std::stod(series.substr(family.size() + 12))] = count;
    }
    double below = 0;
    for (const auto& [bound, count] : buckets) {
      EXPECT_GE(count, below) << family << " up to " << bound;
      below = count;
    }
  }
  EXPECT_GE(histograms, 7);
}

TEST_F(MetricsTest, TellWhatWaits) {
  SqlClient sql(database_->conninfo());
  // Due work of a plugin that nobody has, and work that is due later.
  sql.exec("insert into tasker.ready_step select 0, 999, 5, clock_timestamp() - interval '1 h', n, 1 from generate_series(900000, 900009) n");
  sql.exec("insert into tasker.delayed_step select clock_timestamp() + interval '1 h', n, 1, 999, 0, 5 from generate_series(900010, 900014) n");
  EXPECT_TRUE(scrape_until([](const Metrics& now) {
    return now["tasker_ready_steps"] == 10 && now["tasker_delayed_steps"] == 5 && now["tasker_oldest_ready_seconds"] >= 3600;
  }));
  sql.exec("delete from tasker.ready_step where plugin_id = 999; ");
  sql.exec("delete from tasker.delayed_step where plugin_id = 999");
}

// No N+1: a list of a hundred tasks, a task of three steps, a bulk of three hundred cost what one costs.
TEST_F(MetricsTest, ARequestCostsTheSameFewStatementsHoweverMuchItShows) {
  const auto ids = http().submit_many({{"name", "echo"}, {"namespace", "test"}}, 100);
  for (const auto id : ids) http().ended(id);
  // What requests cause; the host's own housekeeping (peek, beat, claim, complete, ...) is not in it.
  const auto statements_of = [&](const std::function<void()>& ask) {
    const std::set<std::string> causes{"find_tasks",    "show_tasks",   "list_namespaces",  "list_handlers",
                                       "show_handler",  "list_plugins", "handler_versions", "submit",
                                       "submit_keyed",  "ended_tasks",  "find_idempotency_key"};
    const auto before = scrape();
    ask();
    const auto after = scrape();
    std::map<std::string, int> cost;
    for (const auto& name : causes) {
      const std::string series = "tasker_database_statements_total{statement=\"" + name + "\"}";
      if (after[series] > before[series]) cost[name] = static_cast<int>(after[series] - before[series]);
    }
    return cost;
  };
  using Cost = std::map<std::string, int>;
  EXPECT_EQ(statements_of([&] { http().get("/tasker/tasks?limit=1"); }), (Cost{{"find_tasks", 1}}));
  EXPECT_EQ(statements_of([&] { http().get("/tasker/tasks?limit=100"); }), (Cost{{"find_tasks", 1}}));
  EXPECT_EQ(statements_of([&] { http().get("/tasker/tasks/" + std::to_string(ids[0])); }), (Cost{{"show_tasks", 1}}));
  EXPECT_EQ(statements_of([&] { http().get("/tasker/handlers"); }), (Cost{{"list_namespaces", 1}}));
  EXPECT_EQ(statements_of([&] { http().get("/tasker/handlers/test"); }), (Cost{{"list_handlers", 1}}));
  EXPECT_EQ(statements_of([&] { http().get("/tasker/handlers/test/echo"); }), (Cost{{"show_handler", 1}}));
  EXPECT_EQ(statements_of([&] { http().get("/tasker/plugins"); }), (Cost{{"list_plugins", 1}}));
  const Json task{{"name", "echo"}, {"namespace", "test"}};
  EXPECT_EQ(statements_of([&] { http().post("/tasker/tasks", task); }), (Cost{{"submit", 1}, {"show_tasks", 1}}));
  EXPECT_EQ(statements_of([&] { http().submit_many(task, 300); }), (Cost{{"submit", 1}}));
  EXPECT_EQ(statements_of([&] { http().post("/tasker/tasks", task.dump(), "Idempotency-Key: cost\r\nPrefer: return=minimal\r\n"); }),
            (Cost{{"submit_keyed", 1}}));
}

TEST(AccessLog, HasALineForEachRequestWhenAsked) {
  TempDb database;
  Workplace place;
  TaskerProcess host({"serve", "--config", place.configuration(database.conninfo(), {}, "host")}, place.path("host.out"),
                     {"TASKER_HTTP__ACCESS_LOG=true"});
  host.also_show(place.path("host.log"));
  ASSERT_TRUE(host.wait_until_ready());
  host.http().get("/tasker/tasks?name=seen", "X-Correlation-ID: c-seen\r\n");
  host.http().get("/nothing%0Ahere");
  const auto log = [&] {
    std::ifstream in(place.path("host.log"));
    return std::string(std::istreambuf_iterator<char>(in), {});
  };
  EXPECT_TRUE(eventually([&] { return log().find("GET /nothing%0Ahere 404 ") != std::string::npos; })) << log();
  EXPECT_THAT(log(), testing::ContainsRegex("http GET /tasker/tasks\\?name=seen 200 [0-9]+ bytes [0-9.]+ ms correlation c-seen"));
}

}  // namespace
}  // namespace tasker::test
