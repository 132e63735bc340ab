#include "round_trip.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <filesystem>
#include <future>
#include <nlohmann/json.hpp>

#include "engine/ports.h"
#include "plugin/loaded_plugin.h"
#include "plugin/manifest.h"
#include "runner/runners.h"
#include "session.h"
#include "throughput.h"
#include "watch.h"
#include "workload.h"

namespace tasker::bench {

namespace {

using nlohmann::ordered_json;

constexpr int kWarm = 2'000, kTimed = 20'000, kMany = 200'000, kAtOnce = 500;

engine::AttemptInput some_attempt(const model::TaskTemplate& definition, int payload) {
  engine::AttemptInput input;
  input.fence.step = {TaskId{7}, 1};
  input.task_id = "7";
  input.idempotency_key = "installation-7-1";
  input.context = std::make_shared<const std::string>(request_context(payload));
  input.stop = std::make_shared<std::atomic<std::uint32_t>>(0);
  input.step = &definition.step(1);
  return input;
}

// One after the other, in microseconds, sorted.
std::vector<double> time_calls(engine::Handler& handler, const engine::AttemptInput& input) {
  std::vector<double> times;
  for (int i = 0; i < kWarm + kTimed; ++i) {
    std::atomic<bool> done = false;
    const auto start = Clock::now();
    handler.run(input, [&](const engine::AttemptOutcome& outcome) {
      if (outcome.kind != model::OutcomeKind::ok) give_up("the handler: " + outcome.message);
      done = true;
      done.notify_one();
    });
    done.wait(false);
    if (i >= kWarm) times.push_back(std::chrono::duration<double, std::micro>(Clock::now() - start).count());
  }
  std::sort(times.begin(), times.end());
  return times;
}

// Calls a second with so many of them on the way.
double rate_of_calls(engine::Handler& handler, const engine::AttemptInput& input) {
  std::atomic<int> ended = 0;
  const auto start = Clock::now();
  for (int sent = 0; sent < kMany; ++sent) {
    for (int seen = ended; sent - seen >= kAtOnce; seen = ended) ended.wait(seen);
    handler.run(input, [&](const engine::AttemptOutcome&) {
      ++ended;
      ended.notify_one();
    });
  }
  for (int seen = ended; seen < kMany; seen = ended) ended.wait(seen);
  return kMany / std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

ordered_json measure_round_trip(const Arguments& arguments) {
  const int payload = arguments.payload > 0 ? arguments.payload : 1024;
  plugin::LoadRequest request;
  request.file = std::filesystem::path(arguments.plugins) / "bench/single-1.0.0.so";
  const auto report = plugin::inspect_file(request.file);
  if (!report) give_up(report.error().message);
  request.definition = report->definition;
  request.sha256 = report->sha256;
  request.source = "bench/single 1.0.0";
  request.config = "{\"result_bytes\":" + std::to_string(payload) + "}";
  runner::RunnersOptions options;
  options.program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "tasker";
  options.folder = std::filesystem::path(arguments.data) / "runners";
  options.limits_for = [](std::string_view, std::string_view) { return std::optional(runner::RunnerLimits{}); };
  runner::Runners runners(options);
  const auto plugin = runners.isolate(request);
  if (!plugin) give_up(plugin.error().message);
  const auto handlers = (*plugin)->handlers();
  const engine::AttemptInput input = some_attempt(*request.definition, payload);
  const auto times = time_calls(*handlers.at(0), input);
  const double rate = rate_of_calls(*handlers.at(0), input);
  (*plugin)->retire(Clock::now() + std::chrono::seconds(10));
  return {{"workload", "round-trip"},
          {"payload", payload},
          {"round_trip_us", {{"p50", quantile(times, 0.5)}, {"p95", quantile(times, 0.95)}, {"p99", quantile(times, 0.99)}}},
          {"calls_per_s", rounded(rate, 1)},
          {"at_once", kAtOnce}};
}

}  // namespace tasker::bench
