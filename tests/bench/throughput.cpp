#include "throughput.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "app/host.h"
#include "engine/engine.h"
#include "session.h"
#include "sql_limit.h"
#include "watch.h"

namespace tasker::bench {

namespace {

using nlohmann::ordered_json;

double seconds_since(Clock::time_point start) { return std::chrono::duration<double>(Clock::now() - start).count(); }

// A host that can hold one step fills the queue; the one that is measured finds it full.
double run_backlog(const Arguments& arguments, Session& session, const Workload& workload) {
  session.stop_host();
  session.start_host([](config::Settings& settings) { settings.engine.max_in_flight = 1; });
  const auto load = open_load(arguments, session, workload);
  const long ended_before = session.ends().count();
  for (int sent = 0; sent < arguments.backlog;) {
    const int count = std::min(Load::kMaxBulk, arguments.backlog - sent);
    load->send(count);
    sent += count;
  }
  load->finish();
  session.stop_host();
  const long left = ended_before + arguments.backlog - session.ends().count();
  session.start_host();
  const auto start = Clock::now();
  session.ends().wait_for(ended_before + arguments.backlog);
  return static_cast<double>(left) / seconds_since(start);
}

// Submit to end of one task after the other, in milliseconds, sorted.
std::vector<double> time_single_tasks(const Arguments& arguments, Session& session, const Workload& workload) {
  std::vector<double> times;
  const auto load = open_load(arguments, session, workload);
  for (int i = 0; i < arguments.latency_runs; ++i) {
    const long before = session.ends().count();
    const auto start = Clock::now();
    load->send(1);
    session.ends().wait_for(before + 1);
    times.push_back(seconds_since(start) * 1e3);
  }
  std::sort(times.begin(), times.end());
  return times;
}

ordered_json latency_of(const std::vector<double>& times) {
  return {{"p50", quantile(times, 0.50)}, {"p95", quantile(times, 0.95)}, {"p99", quantile(times, 0.99)}};
}

ordered_json counters_of(const engine::Stats& stats) {
  const double calls = static_cast<double>(std::max<std::uint64_t>(1, stats.complete_calls));
  return {{"steps_per_commit", rounded(static_cast<double>(stats.steps_completed) / calls, 0.1)},
          {"chained", stats.steps_chained.load()},
          {"from_queue", stats.steps_from_queue.load()},
          {"working_set_misses", stats.working_set_misses.load()},
          {"handed_back", stats.handed_back.load()},
          {"stale", stats.stale_outcomes.load()}};
}

ordered_json settings_of(const Arguments& arguments, const Session& session, int tasks, const SqlLimit& limit) {
  ordered_json settings = session_settings(session.conninfo());
  settings["tasks"] = tasks;
  settings["window"] = arguments.window;
  settings["payload"] = arguments.payload;
  settings["isolation"] = arguments.isolation;
  settings["submitted_over"] = arguments.http ? "http" : "api";
  if (arguments.backlog > 0) settings["backlog"] = arguments.backlog;
  if (arguments.minutes > 0) settings["minutes"] = arguments.minutes;
  settings["limit_connections"] = limit.connections;
  settings["limit_tasks_per_commit"] = limit.batch;
  return settings;
}

}  // namespace

double rounded(double value, double step) { return std::round(value / step) / std::round(1 / step); }

std::unique_ptr<Load> open_load(const Arguments& arguments, Session& session, const Workload& workload) {
  if (arguments.http) return http_load(session.host().url(), workload, arguments.payload);
  return api_load(session.host().api(), workload, arguments.payload);
}

double run_tasks(const Arguments& arguments, Session& session, const Workload& workload, int tasks) {
  const int window = std::max(1, arguments.window / workload.steps);
  const int bulk = std::clamp(window / 4, 1, Load::kMaxBulk);
  const auto load = open_load(arguments, session, workload);
  const long before = session.ends().count();
  const auto start = Clock::now();
  const auto more = [&](long sent) { return arguments.minutes > 0 ? seconds_since(start) < arguments.minutes * 60 : sent < tasks; };
  long sent = 0;
  while (more(sent)) {
    const int count = arguments.minutes > 0 ? bulk : static_cast<int>(std::min<long>(bulk, tasks - sent));
    session.ends().wait_for(before + std::max<long>(0, sent + count - window));
    load->send(count);
    sent += count;
  }
  session.ends().wait_for(before + sent);
  return static_cast<double>(sent) / seconds_since(start);
}

ordered_json measure_throughput(const Arguments& arguments, const Workload& workload) {
  Session session(arguments);
  session.start_host();
  const int tasks = arguments.backlog > 0 ? arguments.backlog : arguments.tasks > 0 ? arguments.tasks : workload.tasks;
  const CpuSeconds before = session.cpu();
  std::optional<Watch> watch;
  if (arguments.minutes > 0) watch.emplace(session, std::chrono::seconds(10));
  const double tasks_per_s =
      arguments.backlog > 0 ? run_backlog(arguments, session, workload) : run_tasks(arguments, session, workload, tasks);
  const ordered_json samples = watch ? watch->finish() : ordered_json();
  const CpuSeconds after = session.cpu();
  const ordered_json counters = counters_of(session.host().engine().stats());
  const std::vector<double> times = time_single_tasks(arguments, session, workload);
  const double rss = peak_rss_mib();
  SqlLimit limit;
  if (arguments.limit) {
    limit = measure_sql_limit(session.conninfo(), template_id_of(session.conninfo(), workload.name), workload.steps,
                              std::min(tasks * workload.steps, 60'000));
  }
  ordered_json out{{"workload", workload.name},
                   {"steps_per_s", rounded(tasks_per_s * workload.steps, 1)},
                   {"tasks_per_s", rounded(tasks_per_s, 1)},
                   {"sql_limit_steps_per_s", rounded(limit.steps_per_s, 1)},
                   {"latency_ms", latency_of(times)},
                   {"cpu_s", {{"host", rounded(after.host - before.host, 0.01)},
                              {"postgres", rounded(after.postgres - before.postgres, 0.01)}}},
                   {"rss_mib", rounded(rss, 0.1)},
                   {"engine", counters},
                   {"settings", settings_of(arguments, session, tasks, limit)}};
  if (arguments.minutes > 0) out["samples"] = samples;
  if (session.ends().failed() > 0) out["failed_tasks"] = session.ends().failed();
  return out;
}

}  // namespace tasker::bench
