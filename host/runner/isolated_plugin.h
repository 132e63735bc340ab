// A plugin version as the loader holds it, with its code in children: nothing of it is ever mapped into the host. [loader],
// but its handlers are called by [worker] threads.
#pragma once

#include <atomic>
#include <filesystem>
#include <future>
#include <memory>
#include <stop_token>

#include "engine/ports.h"
#include "plugin/held_plugin.h"
#include "runner/runner.h"

namespace tasker::runner {

class IsolatedPlugin final : public plugin::HeldPlugin, public std::enable_shared_from_this<IsolatedPlugin> {
 public:
  IsolatedPlugin(std::shared_ptr<Runner> runner, std::shared_ptr<const model::TaskTemplate> definition, std::filesystem::path folder)
      : runner_(std::move(runner)), definition_(std::move(definition)), folder_(std::move(folder)) {}
  ~IsolatedPlugin() override;

  // Blocks until init() has answered, or a stop is asked for.
  Result<void> start(const std::stop_token& stop);

  void rename(const std::string& source) override { runner_->rename(source, source.substr(source.rfind(' ') + 1)); }
  std::vector<std::shared_ptr<engine::Handler>> handlers() override;
  bool retire(std::chrono::steady_clock::time_point deadline) override;
  void drain() override;
  void finish() override;
  bool close() override;
  std::int64_t inside() const override { return inside_->load(std::memory_order_relaxed); }
  void forget_crashes() override { runner_->forget_crashes(); }

 private:
  const std::shared_ptr<Runner> runner_;
  const std::shared_ptr<const model::TaskTemplate> definition_;
  const std::filesystem::path folder_;
  const std::shared_ptr<std::atomic<std::int64_t>> inside_ = std::make_shared<std::atomic<std::int64_t>>(0);  // attempts
  std::shared_future<void> gone_;  // valid once it drains: every child has finished its plugin and is gone
};

}  // namespace tasker::runner
