#include "runner/isolated_plugin.h"

#include "base/log.h"

namespace tasker::runner {
namespace {

constexpr auto kKillDeadline = std::chrono::seconds(5);
constexpr auto kFinishPatience = std::chrono::seconds(30);  // for fini(), which a child may be rid of

class IsolatedHandler final : public engine::Handler {
 public:
  IsolatedHandler(std::shared_ptr<IsolatedPlugin> plugin, Runner& runner, std::shared_ptr<std::atomic<std::int64_t>> inside,
                  Ord ord)
      : plugin_(std::move(plugin)), runner_(runner), inside_(std::move(inside)), ord_(ord) {}

  // It waits for nothing here: the threads that block are in the child.
  bool is_async() const override { return true; }
  void run(const engine::AttemptInput& input, Done done) override {
    inside_->fetch_add(1, std::memory_order_relaxed);
    // A plugin's own template refers to nobody else's handlers.
    runner_.submit(input, input.step->reference ? ord_ : 0, [inside = inside_, done = std::move(done)](engine::AttemptOutcome outcome) {
      inside->fetch_sub(1, std::memory_order_relaxed);
      done(std::move(outcome));
    });
  }

 private:
  const std::shared_ptr<IsolatedPlugin> plugin_;
  Runner& runner_;  // plugin_'s
  const std::shared_ptr<std::atomic<std::int64_t>> inside_;
  const Ord ord_;  // of the step in the plugin's template whose handler this is
};

}  // namespace

IsolatedPlugin::~IsolatedPlugin() { runner_->kill(); }

Result<void> IsolatedPlugin::start(const std::stop_token& stop) {
  // Shared with the callback, which may come after we gave up.
  const auto answer = std::make_shared<std::promise<Result<void>>>();
  auto started = answer->get_future();
  runner_->start([answer](Result<void> result) { answer->set_value(std::move(result)); });
  const std::stop_callback killed(stop, [this] { runner_->kill(); });
  // The runner has a limit of its own, and so this is only for a thread of runners that is stuck.
  if (started.wait_for(runner_->start_limit() + kKillDeadline) == std::future_status::ready) return started.get();
  return make_error(Code::plugin_runner_failed, "its runner did not start in time");
}

std::vector<std::shared_ptr<engine::Handler>> IsolatedPlugin::handlers() {
  std::vector<std::shared_ptr<engine::Handler>> handlers;
  for (std::size_t i = 0; i < definition_->steps.size(); ++i)
    handlers.push_back(std::make_shared<IsolatedHandler>(shared_from_this(), *runner_, inside_, static_cast<Ord>(i + 1)));
  return handlers;
}

void IsolatedPlugin::drain() {
  if (gone_.valid()) return;
  const auto gone = std::make_shared<std::promise<void>>();
  gone_ = gone->get_future().share();
  runner_->retire([gone] { gone->set_value(); });
}

void IsolatedPlugin::finish() {
  drain();
  if (gone_.wait_for(kFinishPatience) == std::future_status::ready) return;
  log_warn("plugin {}/{}: its fini() has not returned within {} s; its process is killed", definition_->namespace_name, definition_->name, kFinishPatience.count());
  runner_->kill();
  gone_.wait_for(kKillDeadline);
}

bool IsolatedPlugin::close() {
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
  return gone_.valid() && gone_.wait_for(std::chrono::seconds(0)) == std::future_status::ready;
}

bool IsolatedPlugin::retire(std::chrono::steady_clock::time_point deadline) {
  drain();
  const bool in_time = gone_.wait_until(deadline) == std::future_status::ready;
  if (!in_time) {
    runner_->kill();
    gone_.wait_for(kKillDeadline);
  }
  close();
  return in_time;
}

}  // namespace tasker::runner
