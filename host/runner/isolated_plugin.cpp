#include "runner/isolated_plugin.h"

#include <future>

namespace tasker::runner {
namespace {

constexpr auto kStartDeadline = std::chrono::seconds(90);  // longer than a runner's own
constexpr auto kKillDeadline = std::chrono::seconds(5);

class IsolatedHandler final : public engine::Handler {
 public:
  IsolatedHandler(std::shared_ptr<IsolatedPlugin> plugin, Runner& runner) : plugin_(std::move(plugin)), runner_(runner) {}

  // It waits for nothing here: the threads that block are in the child.
  bool is_async() const override { return true; }
  void run(const engine::AttemptInput& input, Done done) override { runner_.submit(input, std::move(done)); }

 private:
  const std::shared_ptr<IsolatedPlugin> plugin_;
  Runner& runner_;  // plugin_'s
};

}  // namespace

IsolatedPlugin::~IsolatedPlugin() { runner_->kill(); }

Result<void> IsolatedPlugin::start() {
  // Shared with the callback, which may come after we gave up.
  const auto answer = std::make_shared<std::promise<Result<void>>>();
  auto started = answer->get_future();
  runner_->start([answer](Result<void> result) { answer->set_value(std::move(result)); });
  if (started.wait_for(kStartDeadline) == std::future_status::ready) return started.get();
  return make_error(Code::plugin_runner_failed, "its runner did not start within " + std::to_string(kStartDeadline.count()) + " s");
}

std::vector<std::shared_ptr<engine::Handler>> IsolatedPlugin::handlers() {
  std::vector<std::shared_ptr<engine::Handler>> handlers;
  for (std::size_t i = 0; i < definition_->steps.size(); ++i)
    handlers.push_back(std::make_shared<IsolatedHandler>(shared_from_this(), *runner_));
  return handlers;
}

bool IsolatedPlugin::retire(std::chrono::steady_clock::time_point deadline) {
  const auto gone = std::make_shared<std::promise<void>>();
  auto ended = gone->get_future();
  runner_->retire([gone] { gone->set_value(); });
  const bool in_time = ended.wait_until(deadline) == std::future_status::ready;
  if (!in_time) {
    runner_->kill();
    ended.wait_for(kKillDeadline);
  }
  std::error_code ignored;
  std::filesystem::remove_all(folder_, ignored);
  return in_time;
}

}  // namespace tasker::runner
