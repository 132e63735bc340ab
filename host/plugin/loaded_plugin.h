// One loaded plugin version: its library, its checked tables and the state its init() built. Made, drained, finished and
// closed by the loader; its handlers run on worker threads. What can be known without running code was checked
// before (manifest.h).
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <memory>
#include <stop_token>
#include <string>
#include <vector>

#include "base/result.h"
#include "model/task_template.h"
#include "plugin/held_plugin.h"
#include "plugin/host_table.h"
#include "plugin/library.h"
#include "tasker/plugin.h"

namespace tasker::plugin {

struct LoadRequest {
  std::filesystem::path file;      // the private copy
  std::uint64_t entry_bytes = 0;   // size of tasker_plugin_v1 in the file's symbol table
  std::shared_ptr<const model::TaskTemplate> definition;
  std::string source;              // "payments/refund 1.2.0"
  std::string config = "{}";       // JSON for init()
  AttemptLimits limits;
  std::shared_ptr<AttemptTable> attempts;
  std::string crash_note{};  // the file that is left when opening it or init() takes this process down
  std::chrono::milliseconds init_limit{0};  // 0: init() is waited for as long as it takes
  std::stop_token stop{};                   // and no longer than this
  // What a plugin that runs in a process of its own needs besides.
  std::string sha256{}, environment{};
  std::function<void(std::string reason)> on_trouble{};  // [any] it is not run any more, and why
};

class LoadedPlugin final : public HeldPlugin, public std::enable_shared_from_this<LoadedPlugin> {
 public:
  // [loader] Opens the library, checks struct sizes, ABI and handlers, runs init().
  static Result<std::shared_ptr<LoadedPlugin>> load(const LoadRequest& request);

  HostTable& host() { return host_; }
  void* self() const { return self_; }
  const std::vector<const tasker_handler*>& step_handlers() const { return step_handlers_; }

  void rename(const std::string& source) override { host_.rename(source); }
  std::vector<std::shared_ptr<engine::Handler>> handlers() override;
  void drain() override;
  void finish() override;
  bool close() override;
  std::int64_t inside() const override { return host_.gate().inside(); }
  bool retire(std::chrono::steady_clock::time_point deadline) override;

 private:
  LoadedPlugin(Library library, const LoadRequest& request);

  Library library_;
  HostTable host_;
  const tasker_plugin* entry_ = nullptr;
  void* self_ = nullptr;
  std::vector<const tasker_handler*> step_handlers_;  // [ord - 1]
  bool is_drained_ = false, is_finished_ = false;
};

// The same without init(), and the library stays open: for a process that is about to end, because opening runs constructors.
Result<void> try_library(const LoadRequest& request);

// The checks of a plugin's tables, apart from the library they came in: which handler serves which step.
Result<std::vector<const tasker_handler*>> check_tables(const tasker_plugin& plugin, std::uint64_t entry_bytes,
                                                        const model::TaskTemplate& definition);

}  // namespace tasker::plugin
