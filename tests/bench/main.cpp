// tasker-bench: how fast the host is here. Drives the real host (engine, store, plugins over the ABI) against a real
// PostgreSQL with fsync on, and prints one JSON object a workload. Beside each rate stands what set-based SQL alone
// reaches on the same tables in the same run: compare machines and days by that ratio, not by the bare number.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <nlohmann/json.hpp>

#include "arguments.h"
#include "base/log.h"
#include "scenarios.h"
#include "throughput.h"

namespace {

using namespace tasker::bench;
using nlohmann::ordered_json;

std::filesystem::path own_folder() { return std::filesystem::read_symlink("/proc/self/exe").parent_path(); }

// The run with the median rate, and the rates of all.
ordered_json measure_repeatedly(const Arguments& arguments, const Workload& workload) {
  std::vector<ordered_json> runs;
  std::vector<double> rates;
  for (int i = 0; i < arguments.repeat; ++i) {
    runs.push_back(measure_throughput(arguments, workload));
    rates.push_back(runs.back()["steps_per_s"]);
  }
  std::sort(runs.begin(), runs.end(), [](const auto& a, const auto& b) { return a["steps_per_s"] < b["steps_per_s"]; });
  ordered_json median = runs[runs.size() / 2];
  if (arguments.repeat > 1) median["runs_steps_per_s"] = rates;
  return median;
}

std::string described() {
  std::string text = "tasker-bench: how fast the host is on this machine\nExample: tasker-bench linear4 diamond4\n\nBesides the workloads:\n";
  for (const auto& scenario : scenarios()) text += "  " + scenario.name + ": " + scenario.what + "\n";
  return text;
}

}  // namespace

int main(int argc, char** argv) {
  Arguments arguments;
  arguments.plugins = (own_folder() / TASKER_BENCH_PLUGINS / "..").lexically_normal().string();
  arguments.data = (std::filesystem::temp_directory_path() / "tasker-bench").string();
  CLI::App app{described()};
  std::vector<std::string> known;
  for (const auto& workload : workloads()) known.push_back(workload.name);
  for (const auto& scenario : scenarios()) known.push_back(scenario.name);
  app.add_option("workload", arguments.names, "linear4, diamond4, fanout100, single, or a scenario of those above")
      ->check(CLI::IsMember(known))->required();
  app.add_option("--tasks", arguments.tasks, "tasks to run (default: about ten seconds' worth)")->check(CLI::PositiveNumber);
  app.add_option("--window", arguments.window, "unfinished steps at a time")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--payload", arguments.payload, "bytes of each context and of each result")->check(CLI::Range(0, 256 * 1024));
  app.add_flag("--http", arguments.http, "submit over HTTP in bulks of 500, from a process of its own");
  auto* backlog = app.add_option("--backlog", arguments.backlog, "fill the queue with so many tasks, then run them")->check(CLI::PositiveNumber);
  app.add_option("--minutes", arguments.minutes, "run so long, with a sample every ten seconds")->check(CLI::PositiveNumber)->excludes(backlog);
  app.add_option("--repeat", arguments.repeat, "runs on fresh tables; the median is printed")->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--latency-runs", arguments.latency_runs, "single tasks to time")->capture_default_str();
  app.add_option("--data", arguments.data, "folder of the private database; emptied")->capture_default_str();
  app.add_option("--plugins", arguments.plugins, "folder that holds bench/<workload>-1.0.0.so");
  app.add_option("--workers", arguments.workers, "handler threads");
  app.add_option("--isolation", arguments.isolation, "where plugins run")->check(CLI::IsMember({"in_process", "process"}))->capture_default_str();
  app.add_flag("!--no-limit", arguments.limit, "do not measure the set-based SQL limit");
  CLI11_PARSE(app, argc, argv);

  if (!tasker::log_open({.level = tasker::LogLevel::error, .file = ""}).has_value()) return 1;
  bool failed = false;
  const auto print = [&](const ordered_json& result) {
    failed |= result.contains("failed_tasks");
    std::printf("%s\n", result.dump().c_str());
    std::fflush(stdout);
  };
  for (const std::string& name : arguments.names) {
    for (const auto& scenario : scenarios()) {
      if (scenario.name == name) print(scenario.measure(arguments));
    }
    for (const auto& workload : workloads()) {
      if (workload.name == name) print(measure_repeatedly(arguments, workload));
    }
  }
  return failed ? 1 : 0;
}
