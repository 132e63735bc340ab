#include "plugin_scenarios.h"

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <nlohmann/json.hpp>
#include <thread>

#include "app/host.h"
#include "session.h"
#include "throughput.h"
#include "watch.h"

namespace tasker::bench {

namespace {

namespace fs = std::filesystem;
using nlohmann::ordered_json;

constexpr int kPlugins = 200, kVersions = 20, kDrops = 30;
constexpr auto kPatience = std::chrono::minutes(3);

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = text.find(from); at != std::string::npos; at = text.find(from, at + to.size())) text.replace(at, from.size(), to);
}

// Plugins that differ in name and version only: the fixture's manifest is text in the file, and the new one is as long.
class NumberedPlugin {
 public:
  explicit NumberedPlugin(const Arguments& arguments) {
    const fs::path file = fs::path(arguments.plugins) / "numbered" / "plugin_000-1.0.100.so";
    std::ifstream in(file, std::ios::binary);
    bytes_.assign(std::istreambuf_iterator<char>(in), {});
    if (bytes_.empty()) give_up("cannot read " + file.string());
  }
  void copy_to(const fs::path& folder, int plugin, int version) const {
    const std::string name = "plugin_" + std::to_string(1000 + plugin).substr(1);
    const std::string text = "1.0." + std::to_string(100 + version);
    std::string bytes = bytes_;
    replace_all(bytes, "plugin_000", name);
    replace_all(bytes, "1.0.100", text);
    fs::create_directories(folder / "numbered");
    std::ofstream(folder / "numbered" / (name + "-" + text + ".so"), std::ios::binary) << bytes;
  }

 private:
  std::string bytes_;
};

// A host on a folder of its own. The newest activations are counted.
class PluginHost {
 public:
  PluginHost(const Arguments& arguments, const Session& session, const fs::path& folder) {
    app::Host::Options options;
    options.settings.database.url = session.conninfo();
    options.settings.plugins.dir = folder.string();
    options.settings.plugins.state_dir = (fs::path(arguments.data) / "state").string();
    options.serve_http = false;
    options.runner_program = fs::read_symlink("/proc/self/exe").parent_path() / "tasker";
    options.on_plugin = [this](const plugin::PluginRecord& record) {
      if (record.state == plugin::PluginState::active) ++active_;
      if (record.state == plugin::PluginState::refused) give_up(record.name + " was refused: " + record.reason);
    };
    auto host = app::Host::start(std::move(options));
    if (!host) give_up("host: " + host.error().message);
    host_ = std::move(*host);
  }
  ~PluginHost() { host_->stop(); }
  void wait_for(int active) const {
    const auto deadline = Clock::now() + kPatience;
    while (active_.load() < active) {
      if (Clock::now() > deadline) give_up(std::to_string(active_.load()) + " plugins of " + std::to_string(active) + " became active");
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
  }

 private:
  std::atomic<int> active_{0};
  std::unique_ptr<app::Host> host_;
};

fs::path empty_folder(const Arguments& arguments) {
  const fs::path folder = fs::path(arguments.data) / "plugins";
  fs::remove_all(folder);
  fs::create_directories(folder);
  return folder;
}

double start_seconds(const Arguments& arguments, const Session& session, const fs::path& folder) {
  const auto start = Clock::now();
  const PluginHost host(arguments, session, folder);
  host.wait_for(kPlugins * kVersions);
  return std::chrono::duration<double>(Clock::now() - start).count();
}

}  // namespace

ordered_json measure_copy_to_usable(const Arguments& arguments) {
  const NumberedPlugin plugin(arguments);
  const Session session(arguments);
  const fs::path folder = empty_folder(arguments);
  const PluginHost host(arguments, session, folder);
  std::vector<double> took;
  for (int i = 0; i < kDrops; ++i) {
    const auto start = Clock::now();
    plugin.copy_to(folder, i, 0);
    host.wait_for(i + 1);
    took.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
  }
  std::sort(took.begin(), took.end());
  return {{"workload", "drop"}, {"files", kDrops}, {"copy_to_usable_ms", {{"p50", quantile(took, 0.5)}, {"max", rounded(took.back(), 0.1)}}}};
}

ordered_json measure_many_plugins(const Arguments& arguments) {
  const NumberedPlugin plugin(arguments);
  const Session session(arguments);
  const fs::path folder = empty_folder(arguments);
  for (int i = 0; i < kPlugins; ++i)
    for (int version = 0; version < kVersions; ++version) plugin.copy_to(folder, i, version);
  const double first = start_seconds(arguments, session, folder);
  const double again = start_seconds(arguments, session, folder);
  return {{"workload", "plugins"},
          {"plugins", kPlugins},
          {"versions_of_each", kVersions},
          {"first_start_s", rounded(first, 0.01)},
          {"later_start_s", rounded(again, 0.01)},
          {"rss_mib", rounded(rss_mib(), 0.1)}};
}

}  // namespace tasker::bench
