#include "engine/dispatcher.h"

#include <mutex>
#include <random>

#include "base/log.h"
#include "engine/completer.h"

namespace tasker::engine {

namespace {

// Looks at the inputs of one step that the database refuses to read, before the step fails.
constexpr int kRefusalsOfInputs = 3;

void append_input(std::string& json, const std::string& name, const std::string& result) {
  json += json.size() > 1 ? ",\"" : "\"";
  json += name;  // step names need no escaping: the template parser allows [A-Za-z0-9_.-]
  json += "\":";
  json += result.empty() ? "null" : result;
}

double to_unit(std::uint64_t& state) {  // xorshift: jitter needs no more
  state ^= state << 13;
  state ^= state >> 7;
  state ^= state << 17;
  return static_cast<double>(state >> 11) / 9007199254740992.0;
}

}  // namespace

// Where handler threads leave outcomes. Outlives the dispatcher as long as a thread may still finish something.
struct Dispatcher::Inbox {
  struct Item {
    FinishedAttempt attempt;
    Millis retry_after;
    std::chrono::duration<double> waited;  // from the claim to the handler
    std::string correlation_id;            // of an attempt that may have failed, for the log
  };

  std::mutex mutex;  // guards all below
  std::vector<Item> items;
  bool told = false;  // the strand knows that there is something
  std::function<void()> tell;
};

Dispatcher::Dispatcher(Core& core)
    : core_(core), installation_(core.store.installation()), inbox_(std::make_shared<Inbox>()), failures_(core.executor) {
  random_state_ = std::random_device{}() | 1u;
  inbox_->tell = [this] {
    core_.executor.post([this, exists = std::weak_ptr<int>(existence_)] {
      if (!exists.expired()) take_inbox();
    });
  };
}

Dispatcher::~Dispatcher() {
  const std::lock_guard lock(inbox_->mutex);
  inbox_->tell = [] {};
}

void Dispatcher::connect(JobRunner& runner, Completer& completer) {
  runner_ = &runner;
  completer_ = &completer;
}

FinishJob Dispatcher::inbox() {
  return [inbox = inbox_](const AttemptJob& job, AttemptOutcome outcome, SteadyTime entered, SteadyTime left) {
    Inbox::Item item;
    item.retry_after = outcome.retry_after;
    item.waited = entered - job.claimed;
    FinishedAttempt& attempt = item.attempt;
    attempt.fence = job.input.fence;
    attempt.kind = outcome.kind;
    attempt.payload = std::move(outcome.payload);
    attempt.code = std::move(outcome.code);
    attempt.message = std::move(outcome.message);
    attempt.ran = std::chrono::duration_cast<Micros>(left - entered);
    attempt.ended = left;
    attempt.events = std::move(outcome.events);
    attempt.checkpoint = std::move(outcome.checkpoint);
    if (attempt.kind != model::OutcomeKind::ok) item.correlation_id = job.input.correlation_id;
    const std::lock_guard lock(inbox->mutex);
    inbox->items.push_back(std::move(item));
    if (!std::exchange(inbox->told, true)) inbox->tell();
  };
}

const LoadedTemplate* Dispatcher::loaded_template(TemplateId id) const {
  const auto found = core_.snapshot->templates.find(id);
  return found == core_.snapshot->templates.end() ? nullptr : &found->second;
}

void Dispatcher::accept(const std::vector<ClaimedStep>& steps) {
  if (steps.empty()) return;
  core_.refresh_snapshot();
  std::vector<std::shared_ptr<AttemptJob>> jobs;
  std::vector<ClaimedStep> misses;
  std::vector<ClaimedStep> unknown;
  jobs.reserve(steps.size());
  for (const ClaimedStep& claimed : steps) {
    const auto [entry, inserted] = running_.try_emplace(claimed.step);
    if (!inserted) {
      if (entry->second.claim_no >= claimed.claim_no) continue;  // a repeated answer
      release({claimed.step, entry->second.claim_no});           // that claim was lost meanwhile
      running_.try_emplace(claimed.step);
    }
    Running& running = running_[claimed.step];
    running.claim_no = claimed.claim_no;
    running.attempt = claimed.attempt;
    running.retry_limit = claimed.retry_limit;
    core_.room.take(1);
    core_.stats.in_flight.fetch_add(1, std::memory_order_relaxed);
    const LoadedTemplate* loaded = loaded_template(claimed.template_id);
    if (loaded == nullptr || loaded->plugin_id != claimed.plugin_id) {
      unknown.push_back(claimed);
    } else if (auto job = job_from_memory(claimed, *loaded)) {
      jobs.push_back(std::move(job));
    } else {
      misses.push_back(claimed);
    }
  }
  if (!jobs.empty()) runner_->run(std::move(jobs));
  if (!misses.empty()) {
    core_.stats.working_set_misses.fetch_add(misses.size(), std::memory_order_relaxed);
    load_and_run({std::move(misses), core_.executor.now() + core_.options.start_within});
  }
  if (!unknown.empty()) return_unknown(unknown);
}

std::shared_ptr<AttemptJob> Dispatcher::make_job(const ClaimedStep& claimed, const LoadedTemplate& loaded,
                                                 SharedText context, std::string correlation_id,
                                                 std::string traceparent, std::string inputs, std::string checkpoint) {
  auto job = std::make_shared<AttemptJob>();
  const auto& step = loaded.definition->step(claimed.step.ord);
  job->handler = loaded.handlers[static_cast<std::size_t>(claimed.step.ord - 1)];
  job->claimed = core_.executor.now();
  AttemptInput& input = job->input;
  input.fence = {claimed.step, claimed.claim_no};
  input.attempt = claimed.attempt;
  input.retry_limit = claimed.retry_limit;
  input.task_id = std::to_string(raw(claimed.step.task));
  input.idempotency_key.reserve(installation_.size() + input.task_id.size() + 8);
  input.idempotency_key.append(installation_).append(1, '-').append(input.task_id).append(1, '-');
  input.idempotency_key.append(std::to_string(claimed.step.ord));
  input.context = std::move(context);
  input.inputs = std::move(inputs);
  input.correlation_id = std::move(correlation_id);
  input.traceparent = std::move(traceparent);
  input.checkpoint = std::move(checkpoint);
  input.stop = std::make_shared<std::atomic<std::uint32_t>>(0);
  input.definition = loaded.definition;
  input.step = &step;

  Running& running = running_[claimed.step];
  running.stop = input.stop;
  running.definition = loaded.definition;
  running.step = &step;
  return job;
}

std::shared_ptr<AttemptJob> Dispatcher::job_from_memory(const ClaimedStep& claimed, const LoadedTemplate& loaded) {
  if (claimed.claim_no > 1) return nullptr;  // an earlier attempt may have left a checkpoint
  const WorkingSet::Entry* entry = core_.working_set.find(claimed.step.task, claimed.revision);
  if (entry == nullptr) return nullptr;
  std::string inputs = "{";
  for (const Ord parent : loaded.definition->step(claimed.step.ord).parents) {
    const std::string* result = entry->result(parent);
    if (result == nullptr) return nullptr;
    append_input(inputs, loaded.definition->step(parent).name, *result);
  }
  inputs += '}';
  return make_job(claimed, loaded, entry->context, entry->correlation_id, entry->traceparent, std::move(inputs), {});
}

void Dispatcher::load_and_run(Load load) {
  std::vector<StepKey> keys;
  keys.reserve(load.steps.size());
  for (const ClaimedStep& step : load.steps) keys.push_back(step.step);
  core_.store.load(std::move(keys), core_.on_strand<std::vector<StepInputs>>(
      [this, load = std::move(load)](Result<std::vector<StepInputs>> inputs) mutable {
        if (inputs.has_value()) {
          claim_pause_.reset();
          told_not_loaded_ = false;
          return run_loaded(load.steps, std::move(inputs.value()));
        }
        if (inputs.error().retry != Retry::never || load.refuses_all) return not_loaded(std::move(load), inputs.error());
        // Is it these rows, or would it refuse any? The same question about no step tells.
        core_.store.load({}, core_.on_strand<std::vector<StepInputs>>(
            [this, load = std::move(load), error = inputs.error()](const Result<std::vector<StepInputs>>& none) mutable {
              if (none.has_value()) return unreadable(std::move(load), error);
              load.refuses_all = none.error().retry == Retry::never;
              not_loaded(std::move(load), none.error());
            }));
      }));
}

void Dispatcher::load_again(Load load) {
  const SteadyTime next = core_.executor.now() + jittered(std::exchange(load.retry_in, load.retry_in * 2));
  core_.executor.call_at(next, [this, life = std::weak_ptr<int>(core_.life), load = std::move(load)]() mutable {
    if (!life.expired()) load_and_run(std::move(load));
  });
}

void Dispatcher::unreadable(Load load, const Error& error) {
  if (load.steps.size() == 1) {
    if (++load.refusals < kRefusalsOfInputs) return load_again(std::move(load));
    return fail_unread(load.steps.front(), error);
  }
  const auto middle = load.steps.begin() + static_cast<std::ptrdiff_t>(load.steps.size() / 2);
  load_and_run({{load.steps.begin(), middle}, load.give_up, load.retry_in});
  load_and_run({{middle, load.steps.end()}, load.give_up, load.retry_in});
}

void Dispatcher::fail_unread(const ClaimedStep& claimed, const Error& error) {
  const Fence fence{claimed.step, claimed.claim_no};
  if (!holds(fence)) return;
  const LoadedTemplate* loaded = loaded_template(claimed.template_id);
  if (loaded == nullptr || loaded->plugin_id != claimed.plugin_id) return return_unknown({claimed});
  FinishedAttempt attempt;
  attempt.fence = fence;
  attempt.kind = model::OutcomeKind::fail;
  attempt.code = code_text(error.code);
  attempt.message = "the inputs of this step cannot be read from the database, and it was not run: " + error.message;
  attempt.ended = core_.executor.now();
  Running& running = running_[claimed.step];
  running.definition = loaded->definition;
  running.step = &loaded->definition->step(claimed.step.ord);
  finish(running, std::move(attempt), {});
  completer_->flush();
}

void Dispatcher::not_loaded(Load load, const Error& error) {
  const std::weak_ptr<int> life = core_.life;
  core_.on_error(error);
  if (life.expired()) return;
  if (core_.executor.now() + load.retry_in <= load.give_up) return load_again(std::move(load));
  std::vector<Fence> fences;
  for (const ClaimedStep& step : load.steps) {
    if (holds({step.step, step.claim_no})) fences.push_back({step.step, step.claim_no});
  }
  if (fences.empty()) return;
  if (!std::exchange(told_not_loaded_, true)) {
    log_about(LogLevel::warn, {.code = code_text(error.code)},
              "{} claimed steps go back: their inputs could not be read within {} ms, {}: {}", fences.size(),
              core_.options.start_within.count(), code_text(error.code), error.message);
  }
  core_.claims_from = core_.executor.now() + claim_pause_.next();
  hand_back(std::move(fences));
}

void Dispatcher::return_unknown(const std::vector<ClaimedStep>& steps) {
  std::vector<Fence> fences;
  for (const ClaimedStep& step : steps) {
    fences.push_back({step.step, step.claim_no});
    const auto& plugins = *core_.snapshot->plugins;
    if (std::find(plugins.begin(), plugins.end(), step.plugin_id) == plugins.end()) continue;  // it was just unloaded
    if (core_.claimable.leave_out(step.plugin_id, step.template_id, core_.executor.now())) {
      log_warn("steps of template {} go back: plugin {}, which counts as loaded here, lacks it; this host asks seldom for "
               "this plugin's work until the loaded plugins change", raw(step.template_id), raw(step.plugin_id));
    }
  }
  hand_back(std::move(fences));
}

void Dispatcher::run_loaded(const std::vector<ClaimedStep>& steps, std::vector<StepInputs> inputs) {
  std::unordered_map<StepKey, StepInputs*, StepKeyHash> by_step;
  for (StepInputs& input : inputs) by_step[input.step] = &input;
  std::vector<std::shared_ptr<AttemptJob>> jobs;
  std::vector<ClaimedStep> unknown;
  std::vector<Fence> without_inputs;
  core_.refresh_snapshot();
  for (const ClaimedStep& claimed : steps) {
    const Fence fence{claimed.step, claimed.claim_no};
    if (!holds(fence)) continue;
    const auto found = by_step.find(claimed.step);
    const LoadedTemplate* loaded = loaded_template(claimed.template_id);
    if (loaded == nullptr || loaded->plugin_id != claimed.plugin_id) {
      unknown.push_back(claimed);
      continue;
    }
    if (found == by_step.end()) {
      without_inputs.push_back(fence);
      continue;
    }
    StepInputs& input = *found->second;
    auto context = std::make_shared<const std::string>(std::move(input.context));
    if (core_.working_set.find(claimed.step.task, input.revision) == nullptr) {
      core_.working_set.put(claimed.step.task, input.revision, context, input.correlation_id, input.traceparent);
    }
    std::string json = "{";
    for (auto& [parent, result] : input.parent_results) {
      append_input(json, loaded->definition->step(parent).name, result);
      const auto* entry = core_.working_set.find(claimed.step.task, input.revision);
      if (entry != nullptr && entry->result(parent) == nullptr) {
        core_.working_set.add_result(claimed.step.task, parent, std::make_shared<const std::string>(result));
      }
    }
    json += '}';
    jobs.push_back(make_job(claimed, *loaded, std::move(context), std::move(input.correlation_id), std::move(input.traceparent),
                            std::move(json), std::move(input.checkpoint)));
  }
  if (!jobs.empty()) runner_->run(std::move(jobs));
  if (!unknown.empty()) return_unknown(unknown);
  if (!without_inputs.empty()) {
    log_warn("{} steps go back: the database holds no inputs of theirs", without_inputs.size());
    core_.claims_from = core_.executor.now() + claim_pause_.next();
    hand_back(std::move(without_inputs));
  }
}

void Dispatcher::take_inbox() {
  std::vector<Inbox::Item> items;
  {
    const std::lock_guard lock(inbox_->mutex);
    items.swap(inbox_->items);
    inbox_->told = false;
  }
  std::vector<Fence> unspent;
  for (Inbox::Item& item : items) {
    FinishedAttempt& attempt = item.attempt;
    const auto found = running_.find(attempt.fence.step);
    if (found == running_.end() || found->second.claim_no != attempt.fence.claim_no || found->second.finished) {
      core_.stats.stale_outcomes.fetch_add(1, std::memory_order_relaxed);
      continue;
    }
    core_.stats.queue_wait.observe(item.waited.count());
    core_.stats.run_time.observe(static_cast<double>(attempt.ran.count()) / 1e6);
    Running& running = found->second;
    const std::uint32_t stop = running.stop->load(std::memory_order_relaxed);
    if (attempt.kind == model::OutcomeKind::cancelled && (stop & kStopCancelled) == 0) {
      unspent.push_back(attempt.fence);  // it gave up because this host stops, not because the task was cancelled
      continue;
    }
    if (attempt.kind == model::OutcomeKind::retry || attempt.kind == model::OutcomeKind::timed_out) {
      const std::optional<Millis> wish = item.retry_after.count() >= 0 ? std::optional(item.retry_after) : std::nullopt;
      attempt.delay = running.step->retry.delay(running.attempt, to_unit(random_state_), wish);
    } else if (attempt.kind == model::OutcomeKind::wait) {
      attempt.delay = std::clamp(item.retry_after, Millis(1), running.step->retry.cap);
    } else if (attempt.kind == model::OutcomeKind::ok && !running.step->children.empty()) {
      attempt.children = static_cast<int>(running.step->children.size());
      core_.working_set.add_result(attempt.fence.step.task, attempt.fence.step.ord,
                                   std::make_shared<const std::string>(attempt.payload));
    }
    finish(running, std::move(attempt), item.correlation_id);
  }
  core_.room.adapt(static_cast<int>(items.size()), core_.executor.now());
  if (!unspent.empty()) hand_back(std::move(unspent));
  if (core_.room.hoards()) hand_back_jobs(runner_->take_back_beyond(static_cast<std::size_t>(core_.room.may_wait())));
  completer_->flush();
}

void Dispatcher::finish(Running& running, FinishedAttempt attempt, std::string_view correlation_id) {
  if (attempt.kind != model::OutcomeKind::ok)
    failures_.tell(attempt, {*running.definition, *running.step, running.attempt, running.retry_limit, correlation_id});
  running.finished = true;
  ++finished_;
  core_.room.end(1);
  completer_->add(std::move(attempt));
}

void Dispatcher::release(const Fence& fence) {
  const auto found = running_.find(fence.step);
  if (found == running_.end() || found->second.claim_no != fence.claim_no) return;
  if (found->second.finished) {
    --finished_;
    core_.room.end(-1);
  }
  running_.erase(found);
  core_.room.give(1);
  core_.stats.in_flight.fetch_sub(1, std::memory_order_relaxed);
}

void Dispatcher::recorded(const std::vector<FinishedAttempt>& attempts) {
  for (const FinishedAttempt& attempt : attempts) release(attempt.fence);
}

bool Dispatcher::holds(const Fence& fence) const {
  const auto found = running_.find(fence.step);
  return found != running_.end() && found->second.claim_no == fence.claim_no;
}

void Dispatcher::hand_back(std::vector<Fence> fences) {
  for (const Fence& fence : fences) {
    core_.working_set.forget(fence.step.task);
    release(fence);
  }
  ++handing_back_;
  core_.store.hand_back(core_.host, fences, core_.on_strand<int>([this](Result<int> done) {
    --handing_back_;
    // Not repeated: steps that the database still counts as ours come back by reconciliation.
    if (!done.has_value()) return core_.on_error(done.error());
    core_.stats.handed_back.fetch_add(static_cast<std::uint64_t>(done.value()), std::memory_order_relaxed);
  }));
}

void Dispatcher::hand_back_unstarted(SteadyTime before) { hand_back_jobs(runner_->take_back(before)); }

void Dispatcher::hand_back_jobs(const std::vector<std::shared_ptr<AttemptJob>>& jobs) {
  std::vector<Fence> fences;
  for (const auto& job : jobs) {
    if (holds(job->input.fence)) fences.push_back(job->input.fence);
  }
  if (!fences.empty()) hand_back(std::move(fences));
}

void Dispatcher::hand_back_all() {
  std::vector<Fence> fences;
  for (const auto& [step, running] : running_) {
    if (!running.finished) fences.push_back({step, running.claim_no});
  }
  if (!fences.empty()) hand_back(std::move(fences));
}

void Dispatcher::raise_stop_bits(std::uint32_t bits) {
  for (auto& [step, running] : running_) {
    if (running.stop) running.stop->fetch_or(bits, std::memory_order_relaxed);
  }
}

void Dispatcher::forget_all() {
  runner_->take_back(SteadyTime::max());
  raise_stop_bits(kStopLeaseLost);
  core_.stats.in_flight.fetch_sub(static_cast<std::int64_t>(running_.size()), std::memory_order_relaxed);
  running_.clear();
  finished_ = 0;
  handing_back_ = 0;
  told_not_loaded_ = false;
}

}  // namespace tasker::engine
