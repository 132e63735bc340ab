// What single functions cost: tasker-micro [--benchmark_filter=...]. Numbers of whole workloads come from tasker-bench.
#include <benchmark/benchmark.h>

#include <string>
#include <vector>

#include "base/json.h"
#include "base/semver.h"
#include "model/task_graph.h"
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

}  // namespace
}  // namespace tasker
