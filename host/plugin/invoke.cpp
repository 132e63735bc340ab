#include "plugin/invoke.h"

#include <charconv>

#include "base/log.h"
#include "plugin/crash_report.h"
#include "plugin/loaded_plugin.h"

namespace tasker::plugin {
namespace {

using Phase = RunningAttempt::Phase;

std::string what_was_thrown() {
  try {
    throw;
  } catch (const std::exception& thrown) {
    const char* text = thrown.what();
    return clean_text(text_of(text ? text : ""), 1024);
  } catch (...) {
    return "something that is not a std::exception";
  }
}

void append(std::string& to, std::uint64_t number) {
  char digits[24];
  to.append(digits, std::to_chars(digits, digits + sizeof(digits), number).ptr);
}

// As Semver::text(), but into memory that is there already.
void print(std::string& to, const Semver& version) {
  to.clear();
  append(to, version.major);
  append(to += '.', version.minor);
  append(to += '.', version.patch);
  if (!version.prerelease.empty()) (to += '-') += version.prerelease;
  if (!version.build.empty()) (to += '+') += version.build;
}

// The plugin gets views of the slot's own copies, because an asynchronous attempt outlives `input`.
void fill_call(RunningAttempt& attempt, const engine::AttemptInput& input) {
  attempt.fence = input.fence;
  attempt.definition = input.definition;
  attempt.step = input.step;
  attempt.context = input.context;
  attempt.stop = input.stop;
  attempt.task_id.assign(input.task_id);
  attempt.step_id.clear();
  append(attempt.step_id, static_cast<std::uint64_t>(workflow_step_id(input.fence.step)));
  print(attempt.template_version, input.definition->version);
  attempt.idempotency_key.assign(input.idempotency_key);
  attempt.inputs.assign(input.inputs);
  attempt.correlation_id.assign(input.correlation_id);
  attempt.traceparent.assign(input.traceparent);
  attempt.previous_checkpoint.assign(input.checkpoint);

  tasker_call& call = attempt.call;
  call.struct_size = sizeof(call);
  call.attempt = static_cast<std::uint32_t>(input.attempt);
  call.retry_limit = static_cast<std::uint32_t>(input.retry_limit);
  call.task_id = text_of(attempt.task_id);
  call.step_id = text_of(attempt.step_id);
  call.step_name = text_of(input.step->name);
  call.namespace_name = text_of(input.definition->namespace_name);
  call.template_name = text_of(input.definition->name);
  call.template_version = text_of(attempt.template_version);
  call.idempotency_key = text_of(attempt.idempotency_key);
  call.context = text_of(input.context && !input.context->empty() ? std::string_view(*input.context) : "{}");
  call.inputs = text_of(attempt.inputs.empty() ? std::string_view("{}") : attempt.inputs);
  call.config = text_of(input.step->handler_config.empty() ? std::string_view("{}") : input.step->handler_config);
  call.checkpoint = text_of(attempt.previous_checkpoint);
  call.correlation_id = text_of(attempt.correlation_id);
  call.traceparent = attempt.traceparent.empty() ? tasker_str{} : text_of(attempt.traceparent);
}

// run() has its own outcome. If complete() was called as well, the first wins.
void finish(HostTable& host, RunningAttempt& attempt, engine::AttemptOutcome outcome) {
  std::unique_lock lock(attempt.mutex);
  if (attempt.phase == Phase::running) return host.deliver(attempt, std::move(lock), std::move(outcome));
  host.misbehaved(attempt, "was completed and then also answered or threw; the first outcome counts");
  if (attempt.phase == Phase::completed) {
    auto first = std::move(attempt.outcome);
    return host.deliver(attempt, std::move(lock), std::move(first));
  }
  attempt.has_returned = true;
}

void suspend(HostTable& host, RunningAttempt& attempt) {
  std::unique_lock lock(attempt.mutex);
  attempt.has_returned = true;
  if (attempt.phase != Phase::completed) return;
  auto outcome = std::move(attempt.outcome);
  host.deliver(attempt, std::move(lock), std::move(outcome));
}

engine::AttemptOutcome unavailable(Code code, std::string message) {
  engine::AttemptOutcome outcome;
  outcome.kind = model::OutcomeKind::retry;
  outcome.code = code_text(code);
  outcome.message = std::move(message);
  return outcome;
}

// Nothing: the plugin answers later, through complete(). A crash here is the step's, also one in what it threw or answered; and
// what it threw is gone when this returns, for with its outcome the plugin may be let go.
std::optional<engine::AttemptOutcome> call_run(HostTable& host, void* self, const tasker_handler& handler,
                                               const engine::AttemptInput& input, RunningAttempt& attempt) {
  const CrashMark mark(host.source(), input.step->name, input.fence, attempt.call.attempt);
  tasker_outcome outcome{};
  outcome.struct_size = sizeof(outcome);
  std::int32_t answer = TASKER_DONE;
  try {
    answer = handler.run(self, &attempt.call, &outcome);
  } catch (...) {
    // What the outcome holds is half-written: it is not trusted, not even to be released.
    return failed(Code::plugin_threw, "the handler threw: " + what_was_thrown());
  }
  if (answer == TASKER_PENDING) return std::nullopt;
  if (answer == TASKER_DONE) return copy_and_release(outcome, host.stop_bits(attempt), host.limits());
  release(outcome);
  return failed(Code::plugin_bad_outcome,
                "the handler's run() answered " + std::to_string(answer) + ", which is neither done nor pending");
}

class PluginHandler final : public engine::Handler {
 public:
  PluginHandler(std::shared_ptr<LoadedPlugin> plugin, const tasker_handler& handler)
      : plugin_(std::move(plugin)), handler_(handler) {}

  bool is_async() const override { return (handler_.flags & TASKER_HANDLER_ASYNC) != 0; }

  void run(const engine::AttemptInput& input, std::function<void(engine::AttemptOutcome)> done) override {
    run_handler(plugin_->host(), plugin_->self(), handler_, input, std::move(done));
  }

 private:
  std::shared_ptr<LoadedPlugin> plugin_;
  const tasker_handler& handler_;  // in the library, which plugin_ keeps
};

}  // namespace

void run_handler(HostTable& host, void* self, const tasker_handler& handler, const engine::AttemptInput& input,
                 std::function<void(engine::AttemptOutcome)> done) {
  if (!host.gate().enter())
    return done(unavailable(Code::stopping, "plugin " + host.source() + " has been stopped"));
  RunningAttempt* attempt = host.attempts().take();
  if (!attempt) {
    host.gate().leave();
    return done(unavailable(Code::overloaded, "too many attempts are running in plugins at once"));
  }
  fill_call(*attempt, input);
  {
    const std::lock_guard lock(attempt->mutex);
    attempt->phase = Phase::running;
    attempt->has_returned = false;
    attempt->owner = &host;
    attempt->done = std::move(done);
    attempt->event_count = 0;
    attempt->call.token = AttemptTable::arm(*attempt);
  }
  auto outcome = call_run(host, self, handler, input, *attempt);
  if (outcome) return finish(host, *attempt, std::move(*outcome));
  suspend(host, *attempt);
}

Result<void*> call_init(const tasker_plugin& plugin, const HostTable& host, const std::string& config,
                        const std::string& crash_note) {
  const CrashMark mark(host.source(), "in its init()", crash_note);
  tasker_outcome problem{};
  problem.struct_size = sizeof(problem);
  void* self = nullptr;
  try {
    if (plugin.init(host.table(), text_of(config), &self, &problem) == 0) return self;
  } catch (...) {
    return make_error(Code::plugin_init_failed, std::string(kInitThrew) + what_was_thrown());
  }
  std::string code = is_readable(problem.code) ? clean_text(problem.code, 128) : "";
  std::string message = is_readable(problem.message) ? clean_text(problem.message, 1024) : "";
  release(problem);
  if (message.empty() && code.empty()) return make_error(Code::plugin_init_failed, std::string(kInitGaveNoReason));
  if (message.empty()) message = "no reason given";
  return make_error(Code::plugin_init_failed, "its init() failed: " + message + (code.empty() ? "" : " (" + code + ")"));
}

void call_drain(const tasker_plugin& plugin, void* self, const std::string& source) {
  if (!plugin.drain) return;
  const CrashMark mark(source, "in its drain()");
  try {
    plugin.drain(self);
  } catch (...) {
    log_error("plugin {}: its drain() threw: {}", source, what_was_thrown());
  }
}

void call_fini(const tasker_plugin& plugin, void* self, const std::string& source) {
  const CrashMark mark(source, "in its fini()");
  try {
    plugin.fini(self);
  } catch (...) {
    log_error("plugin {}: its fini() threw: {}", source, what_was_thrown());
  }
}

std::vector<std::shared_ptr<engine::Handler>> make_handlers(const std::shared_ptr<LoadedPlugin>& plugin) {
  std::vector<std::shared_ptr<engine::Handler>> handlers;
  for (const tasker_handler* handler : plugin->step_handlers())
    handlers.push_back(std::make_shared<PluginHandler>(plugin, *handler));
  return handlers;
}

}  // namespace tasker::plugin
