// tasker-bench: how fast the host is here. Drives the real host (engine, store, plugins over the ABI) against a real
// PostgreSQL with fsync on, and prints one JSON object a workload. Beside each rate stands what set-based SQL alone
// reaches on the same tables in the same run: compare machines and days by that ratio, not by the bare number.
#include <CLI/CLI.hpp>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <thread>

#include "app/host.h"
#include "app/private_postgres.h"
#include "engine/engine.h"
#include "resources.h"
#include "sql_limit.h"
#include "workload.h"

namespace {

using namespace tasker;
using nlohmann::ordered_json;

struct Arguments {
  std::vector<std::string> names;
  int tasks = 0;
  int window = 12'000;
  int latency_runs = 300;
  bool limit = true;
  std::string data;
  std::string plugins;
  int workers = 0;
};

std::filesystem::path own_folder() { return std::filesystem::read_symlink("/proc/self/exe").parent_path(); }

template <class T>
T must(Result<T> result, const char* what) {
  if (result.has_value()) return std::move(result.value());
  std::fprintf(stderr, "tasker-bench: %s: %s\n", what, result.error().message.c_str());
  std::exit(1);
}

double rounded(double value, double step) { return std::round(value / step) / std::round(1 / step); }

// One workload on a database of its own making: fresh tables, a fresh host.
ordered_json measure(const Arguments& arguments, const bench::Workload& workload, const std::filesystem::path& data) {
  auto postgres = must(app::PrivatePostgres::start({.data_dir = data, .clean = true}), "private database");
  bench::EndCounter ends;
  std::atomic<int> active{0};
  app::Host::Options options;
  options.settings.database.url = postgres->connection_string();
  options.settings.plugins.dir = arguments.plugins;
  options.settings.plugins.state_dir = (data / "state").string();
  options.settings.log.level = LogLevel::warn;
  if (arguments.workers > 0) options.settings.engine.workers = arguments.workers;
  options.serve_http = false;
  options.on_plugin = [&](const plugin::PluginRecord& record) { active += record.state == plugin::PluginState::active; };
  options.on_task_ended = [&](const engine::EndedTask& ended) { ends.note(ended); };
  auto host = must(app::Host::start(std::move(options)), "host");
  const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
  while (active.load() < static_cast<int>(bench::workloads().size()) && std::chrono::steady_clock::now() < deadline) {
    std::this_thread::yield();
  }

  const int tasks = arguments.tasks > 0 ? arguments.tasks : workload.tasks;
  const auto before = bench::cpu_seconds(postgres->server_pid());
  const double tasks_per_s = bench::run_tasks(host->api(), ends, workload.name, tasks,
                                              std::max(1, arguments.window / workload.steps));
  const auto after = bench::cpu_seconds(postgres->server_pid());
  const engine::Stats& stats = host->engine().stats();
  const double batch = static_cast<double>(stats.steps_completed) / static_cast<double>(std::max<std::uint64_t>(1, stats.complete_calls));
  ordered_json counters{{"steps_per_commit", rounded(batch, 0.1)},
                        {"chained", stats.steps_chained.load()},
                        {"from_queue", stats.steps_from_queue.load()},
                        {"working_set_misses", stats.working_set_misses.load()},
                        {"handed_back", stats.handed_back.load()},
                        {"stale", stats.stale_outcomes.load()}};
  const std::vector<double> times = bench::time_single_tasks(host->api(), ends, workload.name, arguments.latency_runs);
  const double rss = bench::peak_rss_mib();
  bench::SqlLimit limit;
  if (arguments.limit) {
    limit = bench::measure_sql_limit(postgres->connection_string(),
                                     bench::template_id_of(postgres->connection_string(), workload.name), workload.steps,
                                     std::min(tasks * workload.steps, 60'000));
  }
  const auto at = [&](double quantile) {
    if (times.empty()) return 0.0;
    return rounded(times[static_cast<std::size_t>(quantile * static_cast<double>(times.size() - 1))], 0.001);
  };
  ordered_json settings = bench::session_settings(postgres->connection_string());
  settings["tasks"] = tasks;
  settings["window"] = arguments.window;
  settings["limit_connections"] = limit.connections;
  settings["limit_tasks_per_commit"] = limit.batch;
  ordered_json out{{"workload", workload.name},
                   {"steps_per_s", rounded(tasks_per_s * workload.steps, 1)},
                   {"tasks_per_s", rounded(tasks_per_s, 1)},
                   {"sql_limit_steps_per_s", rounded(limit.steps_per_s, 1)},
                   {"latency_ms", {{"p50", at(0.50)}, {"p95", at(0.95)}, {"p99", at(0.99)}}},
                   {"cpu_s", {{"host", rounded(after.host - before.host, 0.01)},
                              {"postgres", rounded(after.postgres - before.postgres, 0.01)}}},
                   {"rss_mib", rounded(rss, 0.1)},
                   {"engine", counters},
                   {"settings", settings}};
  if (ends.failed() > 0) out["failed_tasks"] = ends.failed();
  host->stop();
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  arguments.plugins = (own_folder() / TASKER_BENCH_PLUGINS / "..").lexically_normal().string();
  arguments.data = (std::filesystem::temp_directory_path() / "tasker-bench").string();
  CLI::App app{"tasker-bench: how fast the host is on this machine\nExample: tasker-bench linear4 diamond4"};
  std::vector<std::string> known;
  for (const auto& workload : bench::workloads()) known.push_back(workload.name);
  app.add_option("workload", arguments.names, "linear4, diamond4, fanout100, single")->check(CLI::IsMember(known))->required();
  app.add_option("--tasks", arguments.tasks, "tasks to run (default: about ten seconds' worth)")->check(CLI::PositiveNumber);
  app.add_option("--window", arguments.window, "unfinished steps at a time")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--latency-runs", arguments.latency_runs, "single tasks to time")->capture_default_str();
  app.add_option("--data", arguments.data, "folder of the private database; emptied")->capture_default_str();
  app.add_option("--plugins", arguments.plugins, "folder that holds bench/<workload>-1.0.0.so");
  app.add_option("--workers", arguments.workers, "handler threads");
  app.add_flag("!--no-limit", arguments.limit, "do not measure the set-based SQL limit");
  CLI11_PARSE(app, argc, argv);

  bool failed = false;
  for (const std::string& name : arguments.names) {
    for (const auto& workload : bench::workloads()) {
      if (workload.name != name) continue;
      const ordered_json result = measure(arguments, workload, arguments.data);
      failed |= result.contains("failed_tasks");
      std::printf("%s\n", result.dump().c_str());
      std::fflush(stdout);
    }
  }
  return failed ? 1 : 0;
}
