#include "support/memory_store.h"

#include <algorithm>

namespace tasker::test {

using engine::ClaimedStep;
using engine::FinishedAttempt;
using model::OutcomeKind;
using model::StepState;
using model::TaskState;

namespace {

bool terminal(StepState state) {
  return state == StepState::complete || state == StepState::error || state == StepState::cancelled ||
         state == StepState::skipped || state == StepState::resolved_manually;
}

bool moving(StepState state) {
  return state == StepState::ready || state == StepState::in_progress || state == StepState::waiting_for_retry ||
         state == StepState::waiting_for_event;
}

constexpr int kLostLimit = 5;

}  // namespace

MemoryStore::MemoryStore(std::function<Time()> now, int lanes, int writers)
    : now_(std::move(now)), lanes_(lanes), writers_(writers) {}

void MemoryStore::add_template(TemplateId id, PluginId plugin, std::shared_ptr<const model::TaskTemplate> definition) {
  const std::lock_guard lock(mutex_);
  templates_[id] = {plugin, std::move(definition)};
}

void MemoryStore::fail_next(const std::string& verb, Error error, bool after_effect) {
  const std::lock_guard lock(mutex_);
  faults_[verb].push_back({std::move(error), after_effect});
}

void MemoryStore::fail_all(const std::string& verb, Error error) {
  const std::lock_guard lock(mutex_);
  failing_[verb] = std::move(error);
}

void MemoryStore::allow_all() {
  const std::lock_guard lock(mutex_);
  failing_.clear();
  refused_outcomes_.clear();
  refused_results_.clear();
  refused_inputs_.clear();
}

void MemoryStore::refuse_outcome_of(StepKey step, Error error) {
  const std::lock_guard lock(mutex_);
  refused_outcomes_[step] = std::move(error);
}

void MemoryStore::refuse_result_of(StepKey step, Error error) {
  const std::lock_guard lock(mutex_);
  refused_results_[step] = std::move(error);
}

void MemoryStore::refuse_inputs_of(StepKey step, Error error) {
  const std::lock_guard lock(mutex_);
  refused_inputs_[step] = std::move(error);
}

void MemoryStore::lock_key(const std::string& key) {
  const std::lock_guard lock(mutex_);
  locked_key_ = key;
}

void MemoryStore::hold_next(const std::string& verb) {
  const std::lock_guard lock(mutex_);
  to_hold_.insert(verb);
}

void MemoryStore::release() {
  std::vector<std::function<void()>> answers;
  {
    const std::lock_guard lock(mutex_);
    answers.swap(held_answers_);
  }
  for (const auto& answer : answers) answer();
}

std::optional<MemoryStore::Task> MemoryStore::task(TaskId id) const {
  const std::lock_guard lock(mutex_);
  const auto found = tasks_.find(id);
  return found == tasks_.end() ? std::nullopt : std::optional(found->second);
}

std::vector<TaskId> MemoryStore::tasks() const {
  const std::lock_guard lock(mutex_);
  std::vector<TaskId> ids;
  for (const auto& [id, task] : tasks_) ids.push_back(id);
  return ids;
}

std::vector<std::string> MemoryStore::calls() const {
  const std::lock_guard lock(mutex_);
  return calls_;
}

template <class T>
void MemoryStore::answer(const std::string& verb, std::optional<HostId> host, engine::Reply<T>& reply,
                         const std::function<T()>& effect) {
  std::optional<Result<T>> result;
  {
    const std::lock_guard lock(mutex_);
    calls_.push_back(verb);
    std::optional<Fault> fault;
    for (const std::string& name : {std::string(), verb}) {
      if (const auto failing = failing_.find(name); failing != failing_.end()) fault = Fault{failing->second, false};
    }
    if (auto& faults = faults_[verb]; !faults.empty()) {
      fault = faults.front();
      faults.erase(faults.begin());
    }
    if (host && (hosts_.find(*host) == hosts_.end() || !hosts_[*host].alive)) {
      result = Result<T>(make_error(Code::host_dead, "host was declared dead"));
    } else if (fault && !fault->after_effect) {
      result = Result<T>(fault->error);
    } else {
      T value = effect();
      result = fault ? Result<T>(fault->error) : Result<T>(std::move(value));
    }
    if (to_hold_.erase(verb) > 0) {
      return held_answers_.push_back([reply, result] { reply(*result); });
    }
  }
  reply(std::move(*result));
}

// ---- one truth about readiness, as settle_tasks has it

bool MemoryStore::may_run(const Task& task) const {
  return task.state == TaskState::pending || task.state == TaskState::in_progress;
}

void MemoryStore::queue(TaskId id, Task& task, Ord ord, Time due) {
  task.steps[static_cast<std::size_t>(ord - 1)].run_at = due;
  queues_[lane_of(id)].insert({raw(task.plugin_id), task.priority, due, id, ord});
}

void MemoryStore::unqueue(TaskId id) {
  std::erase_if(queues_[lane_of(id)], [id](const QueueKey& key) { return std::get<3>(key) == id; });
}

void MemoryStore::settle(TaskId id, Task& task) {
  unqueue(id);
  bool satisfied = true;
  bool started = false;
  task.open_sinks = 0;
  task.failed = false;
  for (const auto& definition : task.definition->steps) {
    Step& step = task.steps[static_cast<std::size_t>(definition.ord - 1)];
    step.pending_parents = 0;
    for (const Ord parent : definition.parents) {
      step.pending_parents += model::satisfies_child(task.steps[static_cast<std::size_t>(parent - 1)].state) ? 0 : 1;
    }
    const bool runs = step.pending_parents == 0 && may_run(task) && step.attempts < definition.retry_limit;
    if (step.state == StepState::pending && runs) {
      step.state = StepState::ready;
      step.run_at = now_();
    } else if (step.state == StepState::ready && !runs) {
      step.state = StepState::pending;
    }
    if ((step.state == StepState::ready || step.state == StepState::waiting_for_retry) && may_run(task)) {
      queue(id, task, definition.ord, step.run_at);
    }
    satisfied &= model::satisfies_child(step.state);
    started |= step.claim_no > 0;
    task.failed |= step.state == StepState::error ||
                   (step.state == StepState::cancelled && task.state != TaskState::cancelled);
    if (definition.children.empty() && !model::satisfies_child(step.state)) ++task.open_sinks;
  }
  if (task.state == TaskState::pending && started) task.state = TaskState::in_progress;
  if (satisfied && task.state != TaskState::cancelled) task.state = TaskState::complete;
  task.ended = task.state == TaskState::complete;
  end_if_at_rest(id, task, nullptr);
}

void MemoryStore::end_if_at_rest(TaskId id, Task& task, std::vector<engine::EndedTask>* ended) {
  if (task.ended || task.state == TaskState::paused || !(task.failed || task.state == TaskState::cancelled)) return;
  for (const Step& step : task.steps) {
    if (moving(step.state)) return;
  }
  if (task.state != TaskState::cancelled) task.state = TaskState::error;
  task.ended = true;
  if (ended != nullptr) ended->push_back({id, false});
}

ClaimedStep MemoryStore::described(TaskId id, const Task& task, Ord ord) const {
  const Step& step = task.steps[static_cast<std::size_t>(ord - 1)];
  return {{id, ord}, step.claim_no, step.attempts + 1, task.definition->step(ord).retry_limit, task.revision,
          task.template_id, task.plugin_id};
}

ClaimedStep MemoryStore::claim_step(HostId host, TaskId id, Task& task, Ord ord) {
  Step& step = task.steps[static_cast<std::size_t>(ord - 1)];
  step.state = StepState::in_progress;
  step.host = host;
  ++step.claim_no;
  if (task.state == TaskState::pending) task.state = TaskState::in_progress;
  return described(id, task, ord);
}

// ---- verbs

void MemoryStore::register_host(engine::HostInfo info, engine::Reply<HostId> reply) {
  answer<HostId>("register_host", std::nullopt, reply, [&] {
    const HostId id{next_host_++};
    hosts_[id].process = std::move(info.process);
    return id;
  });
}

std::vector<bool> MemoryStore::decide_keys(const engine::SubmitRequest& request, engine::SubmitAnswer& out) {
  std::vector<bool> skipped(request.tasks.size(), false);
  std::size_t first = 0;
  for (const engine::KeyedPart& part : request.parts) {
    std::vector<TaskId> ids;
    for (std::size_t i = first; i < first + part.tasks; ++i) ids.push_back(TaskId{next_task_ + static_cast<std::int64_t>(i)});
    const auto earlier = keys_.find(part.key.key);
    const bool created = earlier == keys_.end() || earlier->second.expires <= now_();
    if (created) keys_[part.key.key] = {part.key.digest, ids, now_() + part.key.life};
    const Key& key = keys_.at(part.key.key);
    for (std::size_t i = first; i < first + part.tasks; ++i) skipped[i] = !created;
    if (key.digest == part.key.digest) out.parts.push_back(engine::CreatedTasks{key.tasks, !created});
    else out.parts.push_back(make_error(Code::idempotency_key_reused, "the key was used for another request"));
    first += part.tasks;
  }
  return skipped;
}

bool MemoryStore::is_locked(const engine::SubmitRequest& request) {
  const std::lock_guard lock(mutex_);
  if (locked_key_.empty()) return false;
  const bool found = std::ranges::any_of(request.parts, [&](const auto& part) { return part.key.key == locked_key_; });
  if (found) calls_.push_back("submit");
  return found;
}

void MemoryStore::submit(engine::SubmitRequest request, engine::Reply<engine::SubmitAnswer> reply) {
  if (is_locked(request)) return reply(make_error(Code::database_locked, "the key is locked", Retry::later));
  answer<engine::SubmitAnswer>("submit", request.host, reply, [&] {
    engine::SubmitAnswer out;
    int room = request.room;
    const std::vector<bool> skipped = decide_keys(request, out);
    for (std::size_t i = 0; i < request.tasks.size(); ++i) {
      engine::NewTask& wanted = request.tasks[i];
      const TaskId id{next_task_++};
      out.tasks.push_back(id);
      if (skipped[i]) continue;
      const auto& [plugin, definition] = templates_.at(wanted.template_id);
      Task& task = tasks_[id];
      task.template_id = wanted.template_id;
      task.plugin_id = plugin;
      task.definition = definition;
      task.priority = wanted.priority;
      task.context = std::move(wanted.context);
      task.correlation_id = std::move(wanted.correlation_id);
      task.traceparent = std::move(wanted.traceparent);
      task.steps.resize(definition->steps.size());
      for (const auto& step : definition->steps) {
        task.steps[static_cast<std::size_t>(step.ord - 1)].pending_parents = static_cast<int>(step.parents.size());
        if (step.children.empty()) ++task.open_sinks;
      }
      const bool loaded = std::count(request.plugins->begin(), request.plugins->end(), plugin) > 0;
      for (const auto& step : definition->steps) {
        if (!step.parents.empty()) continue;
        if (loaded && room > 0) {
          --room;
          out.claimed.push_back(claim_step(request.host, id, task, step.ord));
        } else {
          task.steps[static_cast<std::size_t>(step.ord - 1)].state = StepState::ready;
          queue(id, task, step.ord, now_());
          out.queued = true;
        }
      }
    }
    return out;
  });
}

std::optional<Error> MemoryStore::refusal_of(const engine::CompleteRequest& request) {
  const std::lock_guard lock(mutex_);
  for (const FinishedAttempt& attempt : request.attempts) {
    for (const auto* refusals : {&refused_outcomes_, &refused_results_}) {
      if (refusals == &refused_results_ && attempt.kind != OutcomeKind::ok) continue;
      if (const auto refused = refusals->find(attempt.fence.step); refused != refusals->end()) {
        calls_.push_back("complete");
        return refused->second;
      }
    }
  }
  return std::nullopt;
}

std::optional<Error> MemoryStore::refusal_of(const std::vector<StepKey>& steps) {
  const std::lock_guard lock(mutex_);
  const auto refused = std::ranges::find_if(steps, [&](const StepKey& step) { return refused_inputs_.contains(step); });
  if (refused == steps.end()) return std::nullopt;
  calls_.push_back("load");
  return refused_inputs_.at(*refused);
}

void MemoryStore::tell_again(HostId host, StepKey key, engine::CompleteAnswer& out) const {
  const Task& task = tasks_.at(key.task);
  for (const Ord child : task.definition->step(key.ord).children) {
    const Step& kid = task.steps[static_cast<std::size_t>(child - 1)];
    const bool told = std::any_of(out.claimed.begin(), out.claimed.end(),
                                  [&](const ClaimedStep& claimed) { return claimed.step == StepKey{key.task, child}; });
    if (kid.state == StepState::in_progress && kid.host == host && !told) out.claimed.push_back(described(key.task, task, child));
  }
  const bool told = std::any_of(out.ended.begin(), out.ended.end(), [&](const auto& end) { return end.task == key.task; });
  if (task.ended && !told) out.ended.push_back({key.task, task.state == TaskState::complete});
}

void MemoryStore::complete(std::shared_ptr<const engine::CompleteRequest> request,
                           engine::Reply<engine::CompleteAnswer> reply) {
  if (const auto refusal = refusal_of(*request)) return reply(*refusal);
  answer<engine::CompleteAnswer>("complete", request->host, reply, [&] {
    engine::CompleteAnswer out;
    int room = request->room;
    std::map<StepKey, int> children;  // how many of its parents completed in this batch
    std::vector<TaskId> touched;
    std::vector<StepKey> repeated;
    for (const FinishedAttempt& attempt : request->attempts) {
      const TaskId id = attempt.fence.step.task;
      Task& task = tasks_.at(id);
      const auto& definition = task.definition->step(attempt.fence.step.ord);
      Step& step = task.steps[static_cast<std::size_t>(definition.ord - 1)];
      touched.push_back(id);
      if (step.state != StepState::in_progress || step.host != request->host || step.claim_no != attempt.fence.claim_no) {
        const bool recorded = std::any_of(step.history.begin(), step.history.end(), [&](const Attempt& a) {
          return a.claim_no == attempt.fence.claim_no && a.host == request->host;
        });
        if (!recorded) {
          out.stale.push_back(attempt.fence);
          continue;
        }
        repeated.push_back(attempt.fence.step);
        continue;
      }
      const bool counts = attempt.kind != OutcomeKind::wait && attempt.kind != OutcomeKind::cancelled;
      step.attempts += counts ? 1 : 0;
      step.history.push_back({attempt.fence.claim_no, request->host, attempt.kind, attempt.payload, attempt.code,
                              attempt.message, attempt.checkpoint, attempt.ran, attempt.ended});
      const bool again = attempt.kind == OutcomeKind::wait ||
                         ((attempt.kind == OutcomeKind::retry || attempt.kind == OutcomeKind::timed_out) &&
                          definition.retryable && step.attempts < definition.retry_limit);
      if (attempt.kind == OutcomeKind::ok) {
        step.state = StepState::complete;
        for (const Ord child : definition.children) ++children[{id, child}];
        if (definition.children.empty() && --task.open_sinks == 0 && task.state != TaskState::cancelled) {
          task.state = TaskState::complete;
          task.ended = true;
          out.ended.push_back({id, true});
        }
      } else if (again && task.state == TaskState::cancelled) {
        step.state = StepState::cancelled;  // it never runs again
      } else if (again) {
        step.state = StepState::waiting_for_retry;
        step.run_at = now_() + attempt.delay;
        if (may_run(task)) queue(id, task, definition.ord, step.run_at);
        if (out.next_due.count() < 0 || attempt.delay < out.next_due) out.next_due = attempt.delay;
      } else {
        step.state = attempt.kind == OutcomeKind::cancelled ? StepState::cancelled : StepState::error;
        task.failed |= step.state == StepState::error || task.state != TaskState::cancelled;
      }
    }
    for (const StepKey& key : repeated) tell_again(request->host, key, out);
    for (const auto& [key, parents] : children) {
      Task& task = tasks_.at(key.task);
      Step& kid = task.steps[static_cast<std::size_t>(key.ord - 1)];
      if (kid.state != StepState::pending) continue;
      kid.pending_parents -= parents;
      if (kid.pending_parents > 0 || !may_run(task)) continue;
      const bool loaded = std::count(request->plugins->begin(), request->plugins->end(), task.plugin_id) > 0;
      if (loaded && room > 0) {
        --room;
        out.claimed.push_back(claim_step(request->host, key.task, task, key.ord));
      } else {
        kid.state = StepState::ready;
        queue(key.task, task, key.ord, now_());
        out.queued = true;
      }
    }
    for (const TaskId id : touched) end_if_at_rest(id, tasks_.at(id), &out.ended);
    return out;
  });
}

void MemoryStore::claim(engine::ClaimRequest request, engine::Reply<std::vector<ClaimedStep>> reply) {
  answer<std::vector<ClaimedStep>>("claim", request.host, reply, [&] {
    std::vector<std::tuple<int, Time, TaskId, Ord, QueueKey>> due;
    for (const QueueKey& key : queues_[request.lane]) {
      const auto& [plugin, priority, run_at, id, ord] = key;
      const bool loaded = std::count(request.plugins->begin(), request.plugins->end(), PluginId{plugin}) > 0;
      if (loaded && run_at <= now_()) due.emplace_back(priority, run_at, id, ord, key);
    }
    std::sort(due.begin(), due.end());
    std::vector<ClaimedStep> claimed;
    for (const auto& [priority, run_at, id, ord, key] : due) {
      if (claimed.size() == static_cast<std::size_t>(request.room)) break;
      queues_[request.lane].erase(key);
      claimed.push_back(claim_step(request.host, id, tasks_.at(id), ord));
    }
    return claimed;
  });
}

void MemoryStore::peek(std::shared_ptr<const std::vector<PluginId>> plugins, engine::Reply<engine::PeekAnswer> reply) {
  answer<engine::PeekAnswer>("peek", std::nullopt, reply, [&] {
    engine::PeekAnswer out;
    for (const auto& [lane, keys] : queues_) {
      bool due = false;
      for (const auto& [plugin, priority, run_at, id, ord] : keys) {
        if (run_at > now_()) {
          const auto in = std::chrono::ceil<engine::Millis>(run_at - now_());
          if (out.next_due.count() < 0 || in < out.next_due) out.next_due = in;
        } else {
          due |= std::count(plugins->begin(), plugins->end(), PluginId{plugin}) > 0;
        }
      }
      if (due) out.lanes.push_back(lane);
    }
    return out;
  });
}

void MemoryStore::load(std::vector<StepKey> steps, engine::Reply<std::vector<engine::StepInputs>> reply) {
  if (const auto refusal = refusal_of(steps)) return reply(*refusal);
  answer<std::vector<engine::StepInputs>>("load", std::nullopt, reply, [&] {
    std::vector<engine::StepInputs> out;
    for (const StepKey& key : steps) {
      const auto found = tasks_.find(key.task);
      if (found == tasks_.end()) continue;
      const Task& task = found->second;
      engine::StepInputs inputs{key, task.template_id, task.revision, task.context, task.correlation_id, {}, {}, task.traceparent};
      for (const Ord parent : task.definition->step(key.ord).parents) {
        const auto& history = task.steps[static_cast<std::size_t>(parent - 1)].history;
        const bool done = !history.empty() && history.back().outcome == OutcomeKind::ok;
        inputs.parent_results.emplace_back(parent, done ? history.back().payload : "null");
      }
      const auto& own = task.steps[static_cast<std::size_t>(key.ord - 1)].history;
      if (!own.empty()) inputs.checkpoint = own.back().checkpoint;
      out.push_back(std::move(inputs));
    }
    return out;
  });
}

void MemoryStore::hand_back(HostId host, std::vector<Fence> fences, engine::Reply<int> reply) {
  answer<int>("hand_back", host, reply, [&] {
    int count = 0;
    for (const Fence& fence : fences) {
      Task& task = tasks_.at(fence.step.task);
      Step& step = task.steps[static_cast<std::size_t>(fence.step.ord - 1)];
      if (step.state != StepState::in_progress || step.host != host || step.claim_no != fence.claim_no) continue;
      step.state = task.state == TaskState::cancelled ? StepState::cancelled : StepState::pending;
      settle(fence.step.task, task);
      ++count;
    }
    return count;
  });
}

void MemoryStore::held(HostId host, engine::Reply<std::vector<ClaimedStep>> reply) {
  answer<std::vector<ClaimedStep>>("held", std::nullopt, reply, [&] {
    std::vector<ClaimedStep> out;
    for (const auto& [id, task] : tasks_) {
      for (std::size_t i = 0; i < task.steps.size(); ++i) {
        const Step& step = task.steps[i];
        if (step.state == StepState::in_progress && step.host == host) out.push_back(described(id, task, static_cast<Ord>(i + 1)));
      }
    }
    return out;
  });
}

void MemoryStore::heartbeat(HostId host, engine::Reply<std::vector<engine::Heartbeat>> reply) {
  answer<std::vector<engine::Heartbeat>>("heartbeat", host, reply, [&] {
    ++hosts_[host].counter;
    std::vector<engine::Heartbeat> others;
    for (const auto& [id, other] : hosts_) {
      if (id != host && (other.alive || !other.released)) others.push_back({id, other.alive ? other.counter : -1, other.process});
    }
    return others;
  });
}

void MemoryStore::reclaim(HostId host, std::vector<HostId> dead, engine::Reply<int> reply) {
  answer<int>("reclaim", host, reply, [&] {
    for (const HostId id : dead) {
      if (id != host) hosts_[id].alive = false;
    }
    int count = 0;
    for (auto& [id, task] : tasks_) {
      if (task.ended) continue;
      bool changed = false;
      for (Step& step : task.steps) {
        if (step.state != StepState::in_progress || hosts_[step.host].alive) continue;
        const bool too_often = ++step.lost >= kLostLimit;
        step.history.push_back({step.claim_no, step.host, OutcomeKind::lost, "", too_often ? "step.lost_too_often" : "", "", ""});
        step.state = task.state == TaskState::cancelled ? StepState::cancelled
                     : too_often                         ? StepState::error
                                                         : StepState::pending;
        ++count;
        changed = true;
      }
      if (changed) settle(id, task);
    }
    for (const HostId id : dead) hosts_[id].released = true;
    return count;
  });
}

void MemoryStore::leave(HostId host, engine::Reply<int> reply) {
  answer<int>("leave", std::nullopt, reply, [&] {
    hosts_[host].alive = false;
    return 1;
  });
}

// ---- operators

void MemoryStore::cancel(TaskId id) {
  const std::lock_guard lock(mutex_);
  Task& task = tasks_.at(id);
  if (task.ended && task.state != TaskState::error) return;
  task.state = TaskState::cancelled;
  task.ended = false;
  for (Step& step : task.steps) {
    if (!terminal(step.state) && step.state != StepState::in_progress) step.state = StepState::cancelled;
  }
  settle(id, task);
}

void MemoryStore::set_paused(TaskId id, bool paused) {
  const std::lock_guard lock(mutex_);
  Task& task = tasks_.at(id);
  if (paused && !may_run(task)) return;
  if (!paused && task.state != TaskState::paused) return;
  task.state = paused ? TaskState::paused : TaskState::in_progress;
  settle(id, task);
}

void MemoryStore::change_context(TaskId id, const std::string& context) {
  const std::lock_guard lock(mutex_);
  tasks_.at(id).context = context;
  ++tasks_.at(id).revision;
}

void MemoryStore::declare_dead(HostId host) {
  const std::lock_guard lock(mutex_);
  hosts_[host].alive = false;
}

}  // namespace tasker::test
