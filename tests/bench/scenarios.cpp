#include "scenarios.h"

#include <algorithm>
#include <chrono>
#include <future>
#include <nlohmann/json.hpp>
#include <pqxx/pqxx>
#include <sstream>
#include <thread>

#include "app/host.h"
#include "engine/engine.h"
#include "plugin_scenarios.h"
#include "readiness.h"
#include "round_trip.h"
#include "session.h"
#include "store/conninfo.h"
#include "throughput.h"
#include "watch.h"

namespace tasker::bench {

namespace {

using nlohmann::ordered_json;

constexpr int kRows = 1'000'000;
constexpr int kOpenTasks = 100'000;
constexpr int kIdleSeconds = 20;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

int tasks_or(const Arguments& arguments, int usual) { return arguments.tasks > 0 ? arguments.tasks : usual; }

std::string number(const std::string& conninfo, const std::string& query) {
  pqxx::connection connection(conninfo);
  pqxx::nontransaction work(connection);
  return work.exec1(query)[0].c_str();
}

void run(const std::string& conninfo, const std::string& statement) {
  pqxx::connection connection(conninfo);
  pqxx::nontransaction work(connection);
  work.exec(statement);
}

ordered_json against_steady(const char* name, double rate, double steady) {
  return {{"workload", name},
          {"first_second_steps_per_s", rounded(rate, 1)},
          {"steady_steps_per_s", rounded(steady, 1)},
          {"share_of_steady", rounded(rate / steady, 0.001)}};
}

// The first second of a database that has never seen a task: no cached plans, no table statistics, no partitions warm.
ordered_json fresh_tables(const Arguments& arguments) {
  Session session(arguments);
  session.start_host();
  Timeline timeline(session);
  run_tasks(arguments, session, workload("linear4"), tasks_or(arguments, 80'000));
  const double end = timeline.now_s();
  timeline.stop();
  return against_steady("fresh", timeline.rate(0, 1), timeline.rate(end / 2, end - 0.5));
}

// The id sequence is set so that the run crosses into the next partition half-way through.
ordered_json new_partition(const Arguments& arguments) {
  Session session(arguments);
  session.start_host();
  const int tasks = tasks_or(arguments, 80'000);
  const long size = std::stol(number(session.conninfo(), "select partition_tasks from tasker.setting"));
  run_tasks(arguments, session, workload("linear4"), tasks / 4);
  run(session.conninfo(), "select setval('tasker.task_block', " + std::to_string((size - tasks / 2) / 64) + ")");
  session.stop_host();  // what it holds of the old blocks goes with it
  session.start_host();
  Timeline timeline(session);
  double crossed = 0;
  std::jthread look([&](const std::stop_token& stop) {
    pqxx::connection connection(session.conninfo());
    while (!stop.stop_requested() && crossed == 0) {
      pqxx::nontransaction work(connection);
      if (work.exec1("select last_value * 64 from tasker.task_block")[0].as<long>() >= size) crossed = timeline.now_s();
      std::this_thread::sleep_for(std::chrono::milliseconds(5));
    }
  });
  run_tasks(arguments, session, workload("linear4"), tasks);
  const double end = timeline.now_s();
  look.request_stop();
  look.join();
  timeline.stop();
  if (crossed == 0) give_up("the run did not reach the next partition");
  ordered_json out = against_steady("partition", timeline.rate(crossed, crossed + 1), timeline.rate(0.5, crossed));
  out["crossed_at_s"] = rounded(crossed, 0.01);
  out["ran_s"] = rounded(end, 0.01);
  return out;
}

// Tasks arrive evenly at half of what the host has just shown to carry; each one's time from submit to end.
ordered_json half_load(const Arguments& arguments) {
  Session session(arguments);
  session.start_host();
  const Workload& linear = workload("linear4");
  const double full = run_tasks(arguments, session, linear, tasks_or(arguments, 40'000));
  session.ends().remember_times();
  constexpr auto kEvery = std::chrono::milliseconds(5);
  const int bulk = std::max(1, static_cast<int>(full / 2 * 0.005));
  const int bulks = 2'000;
  std::vector<std::future<std::vector<TaskId>>> answers;
  std::vector<Clock::time_point> sent;
  const long before = session.ends().count();
  const auto start = Clock::now();
  for (int i = 0; i < bulks; ++i) {
    std::this_thread::sleep_until(start + i * kEvery);
    auto ids = std::make_shared<std::promise<std::vector<TaskId>>>();
    answers.push_back(ids->get_future());
    sent.push_back(Clock::now());
    session.host().api().submit(std::vector<engine::TaskRequest>(static_cast<std::size_t>(bulk), request(linear, arguments.payload)),
                                [ids](Result<engine::SubmitResult> answer) {
                                  if (!answer.has_value()) give_up("submit: " + answer.error().message);
                                  ids->set_value(answer->tasks);
                                });
  }
  session.ends().wait_for(before + static_cast<long>(bulks) * bulk);
  const double ran = seconds_since(start);
  const auto ended = session.ends().times();
  std::vector<double> times;
  for (std::size_t i = 0; i < answers.size(); ++i) {
    for (const TaskId task : answers[i].get()) {
      times.push_back(std::chrono::duration<double, std::milli>(ended.at(raw(task)) - sent[i]).count());
    }
  }
  std::sort(times.begin(), times.end());
  return {{"workload", "half-load"},
          {"full_steps_per_s", rounded(full * linear.steps, 1)},
          {"offered_steps_per_s", rounded(bulks * bulk * linear.steps / ran, 1)},
          {"latency_ms", {{"p50", quantile(times, 0.5)}, {"p95", quantile(times, 0.95)}, {"p99", quantile(times, 0.99)}}}};
}

std::vector<double> timed(int times, const std::function<void(int)>& call) {
  std::vector<double> took;
  for (int i = 0; i < times; ++i) {
    const auto start = Clock::now();
    call(i);
    took.push_back(seconds_since(start) * 1e3);
  }
  std::sort(took.begin(), took.end());
  return took;
}

// A million steps that are not due, a million due ones of a plugin that nobody has loaded, and 500 due ones in each
// lane for the host that claims.
ordered_json foreign_backlog(const Arguments& arguments) {
  Session session(arguments);
  session.start_host([](config::Settings& settings) { settings.engine.max_in_flight = 1; });
  const auto load = open_load(arguments, session, workload("single"));
  for (int i = 0; i < 40; ++i) load->send(Load::kMaxBulk);
  load->finish();
  session.stop_host();
  run(session.conninfo(),
      "insert into tasker.ready_step (lane, plugin_id, priority, run_at, task_id, ord) select (i % 16)::smallint, -1, 5, "
      "now() - interval '1 hour' + i * interval '1 us', i + 100000000, 1 from generate_series(1, " + std::to_string(kRows) + ") i");
  run(session.conninfo(),
      "insert into tasker.delayed_step (lane, plugin_id, priority, run_at, task_id, ord) select (i % 16)::smallint, -1, 5, "
      "now() + interval '1 day' + i * interval '1 us', i + 100000000, 1 from generate_series(1, " + std::to_string(kRows) + ") i");

  pqxx::connection connection(store::complete_conninfo(session.conninfo(), {}).value());  // plans as the store's sessions make them
  const int host = std::stoi(number(session.conninfo(), "select tasker.register_host('bench', '0', 'bench', 9999)"));
  const std::string plugins = number(session.conninfo(), "select array_agg(plugin_id)::text from tasker.plugin");
  connection.prepare("claim", "select count(*) from tasker.claim_steps($1, $2::smallint, $3::int[], 500, clock_timestamp())");
  connection.prepare("peek", "select count(*) from tasker.peek_queues($1::int[], clock_timestamp())");
  long claimed = 0;
  const auto claim = [&](int lane, const std::string& loaded) {
    pqxx::nontransaction work(connection);
    claimed += work.exec_prepared1("claim", host, lane, loaded)[0].as<long>();
  };
  const auto full = timed(16, [&](int lane) { claim(lane, plugins); });
  const long in_full = claimed;
  while (claimed > 0) {  // the rest, so that what follows finds nothing
    claimed = 0;
    for (int lane = 0; lane < 16; ++lane) claim(lane, plugins);
  }
  const auto empty = timed(160, [&](int i) { claim(i % 16, plugins); });
  const auto peek = timed(160, [&](int) {
    pqxx::nontransaction work(connection);
    work.exec_prepared1("peek", plugins);
  });
  return {{"workload", "foreign"},
          {"delayed_rows", kRows},
          {"due_rows_of_a_missing_plugin", kRows},
          {"steps_in_16_full_claims", in_full},
          {"claim_of_500_ms", {{"p50", quantile(full, 0.5)}, {"max", rounded(full.back(), 0.001)}}},
          {"empty_claim_ms", {{"p50", quantile(empty, 0.5)}, {"p99", quantile(empty, 0.99)}}},
          {"peek_ms", {{"p50", quantile(peek, 0.5)}, {"p99", quantile(peek, 0.99)}}}};
}

// Sent by the host so far, by its own metrics: the server's transactions have autovacuum's in them.
double statements_of(app::Host& host) {
  std::promise<std::string> metrics;
  host.api().metrics([&](Result<std::string> answer) {
    if (!answer.has_value()) give_up("metrics: " + answer.error().message);
    metrics.set_value(answer.value());
  });
  std::istringstream lines(metrics.get_future().get());
  double sum = 0;
  for (std::string line; std::getline(lines, line);)
    if (line.starts_with("tasker_database_statements_total{")) sum += std::stod(line.substr(line.rfind(' ')));
  return sum;
}

// What a host costs while nobody asks for anything.
ordered_json idle_host(const Arguments& arguments) {
  Session session(arguments);
  session.start_host();
  std::this_thread::sleep_for(std::chrono::seconds(5));  // the start's own work is over
  const double before = statements_of(session.host());
  const CpuSeconds cpu_before = session.cpu();
  std::this_thread::sleep_for(std::chrono::seconds(kIdleSeconds));
  const CpuSeconds cpu_after = session.cpu();
  const double after = statements_of(session.host()) - 1;  // this question's own
  return {{"workload", "idle"},
          {"statements_per_s", rounded((after - before) / kIdleSeconds, 0.1)},
          {"host_cpu_percent", rounded((cpu_after.host - cpu_before.host) / kIdleSeconds * 100, 0.01)},
          {"postgres_cpu_percent", rounded((cpu_after.postgres - cpu_before.postgres) / kIdleSeconds * 100, 0.01)},
          {"rss_mib", rounded(rss_mib(), 0.1)}};
}

// Tasks that have run a step and wait for a day: they must cost the host no memory.
ordered_json waiting_tasks(const Arguments& arguments) {
  Session session(arguments);
  session.start_host();
  run_tasks(arguments, session, workload("single"), 20'000);  // the host at its working size
  const double before = rss_mib();
  engine::TaskRequest task;
  task.namespace_name = "test";
  task.name = "waits";
  task.context = R"({"times":1,"delay_ms":86400000})";
  const int tasks = tasks_or(arguments, kOpenTasks);
  for (int sent = 0; sent < tasks; sent += Load::kMaxBulk) {
    std::promise<void> answered;
    session.host().api().submit(std::vector<engine::TaskRequest>(Load::kMaxBulk, task), [&](Result<engine::SubmitResult> answer) {
      if (!answer.has_value()) give_up("submit: " + answer.error().message);
      if (!answer->problems.empty()) give_up("submit: " + answer->problems.front().message);
      answered.set_value();
    });
    answered.get_future().wait();
  }
  const auto deadline = Clock::now() + std::chrono::minutes(5);
  while (std::stol(number(session.conninfo(), "select count(*) from tasker.delayed_step")) < tasks) {
    if (Clock::now() > deadline) give_up("the tasks did not come to wait within five minutes");
    std::this_thread::sleep_for(std::chrono::milliseconds(200));
  }
  const double after = rss_mib();
  return {{"workload", "waiting"},
          {"waiting_tasks", tasks},
          {"rss_mib_before", rounded(before, 0.1)},
          {"rss_mib_after", rounded(after, 0.1)},
          {"rss_mib_growth", rounded(after - before, 0.1)}};
}

}  // namespace

const std::vector<Scenario>& scenarios() {
  static const std::vector<Scenario> all{
      {"fresh", "first second on fresh tables against the steady rate", fresh_tables},
      {"partition", "first second on a new partition against the rate before", new_partition},
      {"half-load", "latency of linear4 at half of the full rate", half_load},
      {"foreign", "claims beside a million delayed steps and a million of a plugin that nobody has", foreign_backlog},
      {"readiness", "what step_readiness costs, alone and beside three million finished steps", measure_readiness},
      {"round-trip", "a handler call into a process of its own and back, at 1 KiB or --payload", measure_round_trip},
      {"drop", "from a copied plugin file to a usable plugin", measure_copy_to_usable},
      {"plugins", "a start on 200 plugins in 20 versions each", measure_many_plugins},
      {"idle", "what a host costs while nothing is asked of it", idle_host},
      {"waiting", "memory that 100,000 waiting tasks take in the host", waiting_tasks}};
  return all;
}

}  // namespace tasker::bench
