#include "session.h"

#include <atomic>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <thread>

#include "app/host.h"
#include "workload.h"

namespace tasker::bench {

namespace {

constexpr auto kLoadTime = std::chrono::seconds(30);

template <class T>
T must(Result<T> result, const char* what) {
  if (!result.has_value()) give_up(std::string(what) + ": " + result.error().message);
  return std::move(result.value());
}

// A folder of its own: beside the workloads lie plugins that do harm on purpose.
std::filesystem::path own_plugins(const Arguments& arguments) {
  namespace fs = std::filesystem;
  const fs::path folder = fs::path(arguments.data) / "workloads";
  std::vector<std::string> files = {"test/waits-1.0.0.so"};  // of the scenario `waiting`
  for (const Workload& workload : workloads()) files.push_back("bench/" + workload.name + "-1.0.0.so");
  for (const std::string& file : files) {
    fs::create_directories((folder / file).parent_path());
    fs::copy_file(fs::path(arguments.plugins) / file, folder / file, fs::copy_options::overwrite_existing);
  }
  return folder;
}

}  // namespace

void give_up(const std::string& why) {
  std::fprintf(stderr, "tasker-bench: %s\n", why.c_str());
  std::exit(1);
}

Session::Session(const Arguments& arguments)
    : arguments_(arguments),
      postgres_(must(app::PrivatePostgres::start({.data_dir = arguments.data, .clean = true}), "private database")),
      conninfo_(postgres_->connection_string()) {}

Session::~Session() { stop_host(); }

void Session::start_host(const std::function<void(config::Settings&)>& change) {
  app::Host::Options options;
  options.settings.database.url = conninfo_;
  options.settings.plugins.dir = own_plugins(arguments_).string();
  options.settings.plugins.state_dir = (std::filesystem::path(arguments_.data) / "state").string();
  options.settings.http.listen = "127.0.0.1:0";
  options.settings.plugins.isolation = arguments_.isolation;
  options.runner_program = std::filesystem::read_symlink("/proc/self/exe").parent_path() / "tasker";
  if (arguments_.workers > 0) options.settings.engine.workers = arguments_.workers;
  if (arguments_.payload > 0) {
    for (const Workload& workload : workloads()) {
      options.settings.plugins.configuration["bench/" + workload.name] =
          "{\"result_bytes\":" + std::to_string(arguments_.payload) + "}";
    }
  }
  if (change) change(options.settings);
  options.serve_http = arguments_.http;
  auto loaded = std::make_shared<std::atomic<int>>(0);
  options.on_plugin = [loaded](const plugin::PluginRecord& record) {
    if (record.state == plugin::PluginState::active && record.namespace_name == "bench") loaded->fetch_add(1);
  };
  options.on_task_ended = [this](const engine::EndedTask& ended) { ends_.note(ended); };
  host_ = must(app::Host::start(std::move(options)), "host");
  const auto deadline = std::chrono::steady_clock::now() + kLoadTime;
  while (loaded->load() < static_cast<int>(workloads().size())) {
    if (std::chrono::steady_clock::now() > deadline) give_up("the bench plugins in " + arguments_.plugins + " were not all loaded");
    std::this_thread::yield();
  }
}

void Session::stop_host() {
  if (host_ == nullptr) return;
  host_->stop();
  host_.reset();
}

CpuSeconds Session::cpu() const { return cpu_seconds(postgres_->server_pid()); }

}  // namespace tasker::bench
