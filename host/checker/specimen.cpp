#include "checker/specimen.h"

#include <future>
#include <thread>

#include "plugin/attempt_table.h"
#include "plugin/loaded_plugin.h"

namespace tasker::checker {
namespace {

constexpr std::chrono::seconds kUntilEmpty{5};

plugin::LoadRequest request_of(const Subject& subject) {
  plugin::LoadRequest request;
  request.file = subject.file;
  request.entry_bytes = subject.report.entry_bytes;
  request.definition = subject.report.definition;
  request.source = subject.label();
  return request;
}

}  // namespace

Result<void> Specimen::open(const Subject& subject) {
  return plugin::try_library(request_of(subject));
}

Result<std::unique_ptr<Specimen>> Specimen::begin(const Subject& subject, const std::string& config) {
  std::unique_ptr<Specimen> specimen(new Specimen(subject));
  specimen->attempts_ = std::make_shared<plugin::AttemptTable>();
  auto request = request_of(subject);
  request.config = config;
  request.attempts = specimen->attempts_;
  auto loaded = plugin::LoadedPlugin::load(request);
  if (!loaded) return loaded.error();
  specimen->plugin_ = std::move(*loaded);
  specimen->handlers_ = specimen->plugin_->handlers();
  return specimen;
}

Specimen::~Specimen() = default;

engine::AttemptOutcome Specimen::run(const model::StepTemplate& step, const Input& input) {
  engine::AttemptInput attempt;
  attempt.retry_limit = step.retry_limit;
  attempt.task_id = "1";
  attempt.idempotency_key = "check-" + std::to_string(attempts_begun_.fetch_add(1) + 1) + "-" + step.name;
  attempt.context = std::make_shared<const std::string>(input.context);
  attempt.inputs = input.inputs;
  attempt.stop = std::make_shared<std::atomic<std::uint32_t>>(input.stop_bits);
  attempt.definition = subject_.report.definition;
  attempt.step = &step;
  // Shared: whoever completes may still be inside the promise when the waiting one has gone on.
  const auto outcome = std::make_shared<std::promise<engine::AttemptOutcome>>();
  auto future = outcome->get_future();
  handlers_[static_cast<std::size_t>(step.ord - 1)]->run(attempt, [outcome](engine::AttemptOutcome answer) { outcome->set_value(std::move(answer)); });
  return future.get();
}

std::optional<engine::AttemptOutcome> Specimen::run_within(std::chrono::milliseconds time, const model::StepTemplate& step,
                                                           const Input& input) {
  std::promise<engine::AttemptOutcome> outcome;
  auto future = outcome.get_future();
  // By value, because the thread may outlive this call.
  std::thread worker([this, &step, input, outcome = std::move(outcome)]() mutable { outcome.set_value(run(step, input)); });
  if (future.wait_for(time) == std::future_status::ready) {
    worker.join();
    return future.get();
  }
  worker.detach();
  return std::nullopt;
}

bool Specimen::end() {
  handlers_.clear();
  return plugin_->retire(std::chrono::steady_clock::now() + kUntilEmpty);
}

bool Specimen::unload() {
  const bool is_gone = plugin_->close();
  plugin_.reset();
  return is_gone;
}

std::uint64_t Specimen::misdeeds() const { return plugin_->host().misdeeds(); }
std::uint64_t Specimen::extensions_asked() const { return plugin_->host().extensions_asked(); }

}  // namespace tasker::checker
