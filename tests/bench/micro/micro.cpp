// What single functions cost: tasker-micro [--benchmark_filter=...]. Numbers of whole workloads come from tasker-bench.
#include <benchmark/benchmark.h>

#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "base/json.h"
#include "base/semver.h"
#include "model/task_graph.h"
#include "plugin/attempt_table.h"
#include "plugin/host_table.h"
#include "plugin/invoke.h"
#include "plugin/registry.h"

namespace tasker {
namespace {

// Layers of ten steps, each depending on all of the layer before.
model::TaskGraph layered_graph(int steps) {
  std::vector<model::GraphStep> wanted(static_cast<std::size_t>(steps));
  for (int i = 0; i < steps; ++i) {
    wanted[static_cast<std::size_t>(i)].name = "s" + std::to_string(i);
    for (int parent = i / 10 * 10 - 10; parent >= 0 && parent < i / 10 * 10; ++parent) {
      wanted[static_cast<std::size_t>(i)].parents.push_back("s" + std::to_string(parent));
    }
  }
  return std::move(model::TaskGraph::build(wanted).value());
}

// One run of a whole task of so many steps through the ready set.
void ready_set(benchmark::State& state) {
  const model::TaskGraph graph = layered_graph(static_cast<int>(state.range(0)));
  model::ReadySet ready;
  for (auto _ : state) {
    ready.begin(graph);
    for (Ord ord = 1; ord <= graph.size(); ++ord) benchmark::DoNotOptimize(ready.satisfy(ord).size());
  }
  state.SetItemsProcessed(state.iterations() * graph.size());
}
BENCHMARK(ready_set)->Arg(10)->Arg(1'000);

void version_in_range(benchmark::State& state) {
  const VersionRange range = VersionRange::parse(">=1.2.0 <2.0.0 || ^3.1").value();
  const Semver version = Semver::parse("3.4.5").value();
  for (auto _ : state) benchmark::DoNotOptimize(range.matches(version));
}
BENCHMARK(version_in_range);

// 200 plugins of 20 versions each, as every submitted task asks for its own.
void choose_version(benchmark::State& state) {
  static plugin::Registry registry;
  if (registry.generation() == 0) {
    std::vector<plugin::RegistryEntry> entries;
    for (int name = 0; name < 200; ++name)
      for (int minor = 0; minor < 20; ++minor) {
        const std::string version = "1." + std::to_string(minor) + ".0";
        entries.push_back({"payments", "plugin" + std::to_string(name), Semver::parse(version).value(), 1, true, {}});
        entries.back().loaded.template_id = TemplateId{name * 20 + minor};
      }
    registry.publish(std::move(entries));
  }
  const char* const wanted[] = {"", "^1.2", "~1.0", "1.7.0"};
  const std::string version = wanted[state.range(0)];
  for (auto _ : state) benchmark::DoNotOptimize(registry.choose("payments", "plugin117", version).value()->template_id);
  state.SetLabel(version.empty() ? "newest" : version);
}
BENCHMARK(choose_version)->DenseRange(0, 3);

void check_json_object(benchmark::State& state) {
  std::string text = R"({"items":[)";
  while (text.size() < static_cast<std::size_t>(state.range(0))) text += R"({"sku":"EL-3004","quantity":2,"price":1999},)";
  text.back() = ']';
  text += '}';
  for (auto _ : state) benchmark::DoNotOptimize(check_json(text).has_value());
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(text.size()));
}
BENCHMARK(check_json_object)->Arg(1'024)->Arg(65'536);

// A handler of a plugin that answers what it was given, at so many bytes: the call's arguments, its run, the copy of its outcome, the
// check of that as JSON, and release.
void call_handler(benchmark::State& state) {
  const auto definition = std::make_shared<model::TaskTemplate>();
  definition->steps.push_back({});
  engine::AttemptInput input;
  input.definition = definition;
  input.step = &definition->steps[0];
  input.fence.step = {TaskId{7}, 1};
  input.task_id = "7";
  input.context = std::make_shared<const std::string>(R"({"text":")" + std::string(static_cast<std::size_t>(state.range(0)) - 11, 'x') + "\"}");
  input.stop = std::make_shared<std::atomic<std::uint32_t>>(0);
  tasker_handler handler{};
  handler.struct_size = sizeof(handler);
  handler.run = [](void*, const tasker_call* call, tasker_outcome* out) -> std::int32_t {
    out->payload = call->context;
    out->release = [](void*) noexcept {};
    return TASKER_DONE;
  };
  plugin::HostTable host(std::make_shared<plugin::AttemptTable>(), "payments/refund 1.0.0", {});
  std::size_t bytes = 0;
  for (auto _ : state)
    plugin::run_handler(host, nullptr, handler, input, [&bytes](engine::AttemptOutcome outcome) { bytes += outcome.payload.size(); });
  benchmark::DoNotOptimize(bytes);
}
BENCHMARK(call_handler)->Arg(1'024)->Arg(16'384);

}  // namespace
}  // namespace tasker
