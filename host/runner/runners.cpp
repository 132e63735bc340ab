#include "runner/runners.h"

#include <pthread.h>

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <fstream>
#include <future>
#include <mutex>
#include <thread>
#include <vector>

#include "base/log.h"
#include "base/process_id.h"
#include "base/sha256.h"
#include "plugin/apart_call.h"
#include "plugin/loaded_plugin.h"
#include "runner/isolated_plugin.h"

namespace tasker::runner {
namespace {

namespace asio = boost::asio;
namespace fs = std::filesystem;

constexpr std::string_view kMark = "host-";

// Short for this process, and for no other that shares the folder: in containers many are number 1.
const std::string& own_mark() {
  static const std::string mark = sha256_hex(current_process()).substr(0, 16);
  return mark;
}

// Of hosts that were killed: "host-<mark>" says which process the folders "<hash>-<mark>" are of.
void remove_left_folders(const fs::path& folder) {
  std::error_code ignored;
  std::vector<fs::path> all;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) all.push_back(entry.path());
  for (const fs::path& file : all) {
    const std::string name = file.filename();
    std::string process;
    if (!name.starts_with(kMark) || !std::getline(std::ifstream(file), process) || !certainly_gone(process)) continue;
    for (const fs::path& left : all)
      if (left.filename().string().ends_with("-" + name.substr(kMark.size()))) fs::remove_all(left, ignored);
  }
}

void mark_own_folders(const fs::path& folder) {
  std::error_code ignored;
  fs::create_directories(folder, ignored);
  std::ofstream(folder / (std::string(kMark) + own_mark())) << current_process() << "\n";
}

// While a folder of this process is left, the mark says whose it is.
void unmark_own_folders(const fs::path& folder) {
  const std::string mark = std::string(kMark) + own_mark();
  std::error_code ignored;
  for (const auto& entry : fs::directory_iterator(folder, ignored)) {
    const std::string name = entry.path().filename();
    if (name != mark && name.ends_with("-" + own_mark())) return;
  }
  fs::remove(folder / mark, ignored);
}

}  // namespace

class Runners::Impl {
 public:
  explicit Impl(RunnersOptions options) : options_(std::move(options)) {}
  ~Impl() { stop(); }

  Result<std::shared_ptr<plugin::HeldPlugin>> isolate(const plugin::LoadRequest& request);
  void stop();

 private:
  Result<fs::path> folder_for(const plugin::LoadRequest& request);
  Result<void> start_thread();

  const RunnersOptions options_;
  const std::shared_ptr<asio::io_context> io_ = std::make_shared<asio::io_context>(1);
  std::optional<asio::executor_work_guard<asio::io_context::executor_type>> work_;
  std::thread thread_;
};

Result<void> Runners::Impl::start_thread() {
  if (thread_.joinable()) return {};
  remove_left_folders(options_.folder);
  mark_own_folders(options_.folder);
  work_.emplace(io_->get_executor());
  try {
    thread_ = std::thread([io = io_] {
      for (;;) {
        try {
          io->run();
          return;
        } catch (const std::exception& failure) {
          log_error("runners: {}; they go on", failure.what());
        }
      }
    });
  } catch (const std::system_error& failure) {
    return plugin::no_thread_error(failure);
  }
  ::pthread_setname_np(thread_.native_handle(), "runners");
  return {};
}

void Runners::Impl::stop() {
  if (!thread_.joinable()) return;
  work_.reset();
  io_->stop();
  thread_.join();
  unmark_own_folders(options_.folder);
  // Plugins that are still held hold their runners, what is asked of those from now on is never run and holds them too, and they
  // hold this: kept reachable, so that leak checkers see a decision and not an accident. The process is about to end.
  static std::mutex mutex;
  static auto* const left = new std::vector<std::shared_ptr<asio::io_context>>;
  const std::lock_guard lock(mutex);
  left->push_back(io_);
}

Result<fs::path> Runners::Impl::folder_for(const plugin::LoadRequest& request) {
  const fs::path folder = options_.folder / (request.sha256.substr(0, 16) + "-" + own_mark());
  std::error_code failed;
  fs::create_directories(folder, failed);
  if (!failed) fs::permissions(folder, fs::perms::owner_all, failed);
  if (failed) return make_error(Code::plugin_runner_failed, "cannot make the runner's folder " + folder.string() + ": " + failed.message());
  return fs::absolute(folder);
}

Result<std::shared_ptr<plugin::HeldPlugin>> Runners::Impl::isolate(const plugin::LoadRequest& request) {
  const auto& definition = *request.definition;
  const auto limits = options_.limits_for(definition.namespace_name, definition.name);
  if (!limits) return std::shared_ptr<plugin::HeldPlugin>();
  if (const auto started = start_thread(); !started) return started.error();
  const auto folder = folder_for(request);
  if (!folder) return folder.error();
  RunnerSetup setup;
  setup.spawn = {.program = options_.program, .label = request.source, .folder = *folder, .environment = options_.environment};
  setup.file = fs::absolute(request.file);
  setup.sha256 = request.sha256;
  setup.version = definition.version.text();
  setup.environment = request.environment;
  setup.config = request.config;
  setup.label = request.source;
  setup.attempts = request.limits;
  setup.limits = *limits;
  setup.workers = options_.workers;
  setup.async_workers = options_.async_workers;
  setup.on_trouble = request.on_trouble;
  if (request.init_limit.count() > 0) setup.start_limit += request.init_limit;
  auto plugin = std::make_shared<IsolatedPlugin>(std::make_shared<Runner>(io_, std::move(setup)), request.definition, *folder);
  if (const auto started = plugin->start(request.stop); !started) {
    std::error_code ignored;
    fs::remove_all(*folder, ignored);
    return started.error();
  }
  return std::shared_ptr<plugin::HeldPlugin>(std::move(plugin));
}

Runners::Runners(RunnersOptions options) : impl_(std::make_unique<Impl>(std::move(options))) {}
Runners::~Runners() = default;

Result<std::shared_ptr<plugin::HeldPlugin>> Runners::isolate(const plugin::LoadRequest& request) { return impl_->isolate(request); }
void Runners::stop() { impl_->stop(); }

}  // namespace tasker::runner
