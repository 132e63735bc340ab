#include "support/reference_model.h"

#include <algorithm>
#include <tuple>

namespace tasker::test {
namespace {

constexpr int kLanes = 16;
constexpr int kLostLimit = 5;
using Key = std::pair<long, int>;  // task, ord

Key key_of(const StepKey& step) {
  return {static_cast<long>(raw(step.task)), step.ord};
}
std::string text(const Key& key) {
  return std::to_string(key.first) + "/" + std::to_string(key.second);
}
bool satisfies(const ModelStep& step) {
  return step.state == "complete";
}
bool moves(const ModelStep& step) {
  return step.state == "ready" || step.state == "in_progress" || step.state == "waiting_for_retry";
}

std::string differs(const std::string& what, const std::set<Key>& wanted, const std::set<Key>& told) {
  for (const Key& key : wanted) {
    if (!told.contains(key)) return what + " lacks " + text(key);
  }
  for (const Key& key : told) {
    if (!wanted.contains(key)) return what + " must not hold " + text(key);
  }
  return "";
}

}  // namespace

// ---- what follows from the steps

int ReferenceModel::done_parents(const ModelTask& task, int ord) const {
  const auto& parents = task.graph->steps[static_cast<std::size_t>(ord - 1)].parents;
  return static_cast<int>(
      std::count_if(parents.begin(), parents.end(), [&](int p) { return satisfies(task.step(p)); }));
}

bool ReferenceModel::is_due(const ModelTask& task, const ModelStep& step) const {
  return (step.state == "ready" || step.state == "waiting_for_retry") && may_run(task) && step.due <= now_;
}

bool ReferenceModel::runs_if_asked(const ModelTask& task, int ord) const {
  const ModelStep& step = task.step(ord);
  const auto& rule = task.graph->steps[static_cast<std::size_t>(ord - 1)];
  const bool waits = step.state == "pending" || step.state == "ready" || step.state == "waiting_for_retry";
  const long due = step.state == "pending" ? task.start : step.due;
  return waits && may_run(task) && due <= now_ &&
         done_parents(task, ord) == static_cast<int>(rule.parents.size());
}

void ReferenceModel::settle(ModelTask& task) {
  for (int ord = 1; ord <= static_cast<int>(task.steps.size()); ++ord) {
    ModelStep& step = task.step(ord);
    const bool free = done_parents(task, ord) ==
                      static_cast<int>(task.graph->steps[static_cast<std::size_t>(ord - 1)].parents.size());
    if (step.state == "pending" && free && may_run(task)) {
      step.state = "ready";
      step.due = std::max(now_, task.start);
    } else if (step.state == "ready" && !may_run(task)) {
      step.state = "pending";
    }
  }
}

bool ReferenceModel::derive_end(ModelTask& task) {
  const auto any = [&](auto question) { return std::any_of(task.steps.begin(), task.steps.end(), question); };
  const bool was = task.ended;
  if (task.state == "cancelled") {
    task.ended = !any([](const auto& s) { return s.state == "in_progress"; });
  } else if (!any([](const auto& s) { return !satisfies(s); })) {
    task.state = "complete";
    task.ended = true;
  } else if (task.state != "paused" && !any(moves) &&
             any([](const auto& s) { return s.state == "error" || s.state == "cancelled"; })) {
    task.state = "error";
    task.ended = true;
  }
  return task.ended && !was;
}

std::vector<Fence> ReferenceModel::in_progress_under(int host) const {
  std::vector<Fence> found;
  for (const auto& [id, task] : tasks_) {
    for (int ord = 1; ord <= static_cast<int>(task.steps.size()); ++ord) {
      const ModelStep& step = task.step(ord);
      if (step.state == "in_progress" && step.host == host)
        found.push_back({{static_cast<TaskId>(id), ord}, step.claim_no});
    }
  }
  return found;
}

bool ReferenceModel::is_at_rest() const {
  for (const auto& [id, task] : tasks_) {
    for (const auto& step : task.steps) {
      if (step.state == "in_progress" || is_due(task, step)) return false;
    }
  }
  return true;
}

// ---- verbs

std::string ReferenceModel::take(long id, ModelTask& task, int ord, int host,
                                 const engine::ClaimedStep& told) {
  ModelStep& step = task.step(ord);
  if (step.state == "in_progress") return text({id, ord}) + " was claimed twice";
  step.state = "in_progress";
  step.host = host;
  ++step.claim_no;
  if (task.state == "pending") task.state = "in_progress";
  const auto& rule = task.graph->steps[static_cast<std::size_t>(ord - 1)];
  const bool right = told.claim_no == step.claim_no && told.attempt == step.attempts + 1 &&
                     told.revision == 0 && told.retry_limit == rule.retry_limit &&
                     raw(told.template_id) == task.graph->template_id &&
                     raw(told.plugin_id) == task.graph->plugin;
  return right ? ""
               : text({id, ord}) + " was claimed with wrong particulars, claim " +
                     std::to_string(told.claim_no);
}

std::string ReferenceModel::submit(int host, const std::vector<NewTask>& wanted, int room,
                                   const Plugins& plugins, const engine::SubmitAnswer& answer) {
  if (answer.tasks.size() != wanted.size()) return "not as many ids as tasks";
  std::map<Key, const engine::ClaimedStep*> told;
  for (const auto& step : answer.claimed) {
    if (!told.emplace(key_of(step.step), &step).second) return "the answer names a claim twice";
  }
  bool queued = false;
  std::string wrong;
  long before = tasks_.empty() ? 0 : tasks_.rbegin()->first;
  for (std::size_t i = 0; i < wanted.size(); ++i) {
    const long id = raw(answer.tasks[i]);
    if (id <= before) return "task ids do not ascend";
    before = id;
    ModelTask& task = tasks_[id];
    task.graph = wanted[i].graph;
    task.priority = wanted[i].priority;
    task.start = wanted[i].start;
    task.steps.resize(task.graph->steps.size());
    settle(task);
    for (int ord = 1; ord <= static_cast<int>(task.steps.size()); ++ord) {
      if (task.step(ord).state != "ready") continue;
      const bool claimed = task.start <= now_ && plugins.contains(task.graph->plugin) && room > 0;
      queued |= !claimed;
      if (!claimed) continue;
      --room;
      const auto found = told.find({id, ord});
      if (found == told.end()) return text({id, ord}) + " had room and was not claimed";
      wrong += take(id, task, ord, host, *found->second);
      told.erase(found);
    }
  }
  if (!told.empty()) return text(told.begin()->first) + " was claimed without room";
  if (queued != answer.queued) return "what was queued is told wrongly";
  return wrong;
}

std::string ReferenceModel::claim(int host, int lane, int room, const Plugins& plugins,
                                  const std::vector<engine::ClaimedStep>& answer) {
  using Place = std::tuple<int, long>;  // priority, due
  std::map<Key, Place> due;
  for (const auto& [id, task] : tasks_) {
    for (int ord = 1; ord <= static_cast<int>(task.steps.size()); ++ord) {
      if (id % kLanes == lane && plugins.contains(task.graph->plugin) && is_due(task, task.step(ord))) {
        due[{id, ord}] = {task.priority, task.step(ord).due};
      }
    }
  }
  if (answer.size() != std::min(due.size(), static_cast<std::size_t>(room))) {
    return "a claim of " + std::to_string(room) + " got " + std::to_string(answer.size()) + " of " +
           std::to_string(due.size());
  }
  Place last{-1, -1};
  for (const auto& step : answer) {
    const Key key = key_of(step.step);
    const auto found = due.find(key);
    if (found == due.end()) return text(key) + " was claimed and is not due";
    last = std::max(last, found->second);
    due.erase(found);
    if (auto wrong = take(key.first, tasks_.at(key.first), key.second, host, step); !wrong.empty())
      return wrong;
  }
  for (const auto& [key, place] : due) {
    if (place < last) return text(key) + " stood before one that was claimed";
  }
  return "";
}

void ReferenceModel::record(ModelTask& task, ModelStep& step, const ModelGraph::Step& rule,
                            const engine::FinishedAttempt& attempt, int host) {
  using Kind = model::OutcomeKind;
  const Kind kind = attempt.kind;
  step.recorded[step.claim_no] = host;
  if (kind != Kind::wait && kind != Kind::cancelled) ++step.attempts;
  const bool again = kind == Kind::wait || ((kind == Kind::retry || kind == Kind::timed_out) &&
                                            rule.retryable && step.attempts < rule.retry_limit);
  if (kind == Kind::ok)
    step.state = "complete";
  else if (again)
    step.state = task.state == "cancelled" ? "cancelled" : "waiting_for_retry";
  else
    step.state = kind == Kind::cancelled ? "cancelled" : "error";
  step.due = now_ + std::chrono::duration_cast<std::chrono::minutes>(attempt.delay).count();
}

// What a batch of outcomes did to the steps it names, before anything follows from it.
struct ReferenceModel::Batch {
  std::set<Key> stale, children;  // children of what succeeded now
  std::set<Key> again;            // claimed by fences that are repeated, and still held
  std::set<long> written, repeated;
  long next_due = -1;
  std::map<Key, const engine::ClaimedStep*> told;
};

std::set<std::pair<long, int>> ReferenceModel::children_of(long id, int parent) const {
  std::set<Key> found;
  const ModelTask& task = tasks_.at(id);
  for (int ord = 1; ord <= static_cast<int>(task.steps.size()); ++ord) {
    const auto& parents = task.graph->steps[static_cast<std::size_t>(ord - 1)].parents;
    if (std::count(parents.begin(), parents.end(), parent) > 0) found.insert({id, ord});
  }
  return found;
}

void ReferenceModel::write_outcomes(int host, const std::vector<engine::FinishedAttempt>& attempts,
                                    Batch& batch) {
  std::vector<Key> repeated;
  for (const auto& attempt : attempts) {
    const Key key = key_of(attempt.fence.step);
    ModelTask& task = tasks_.at(key.first);
    ModelStep& step = task.step(key.second);
    const auto recorded = step.recorded.find(attempt.fence.claim_no);
    if (step.state == "in_progress" && step.host == host && step.claim_no == attempt.fence.claim_no) {
      record(task, step, task.graph->steps[static_cast<std::size_t>(key.second - 1)], attempt, host);
      batch.written.insert(key.first);
      const long delay = attempt.delay.count();
      if (step.state == "waiting_for_retry" && (batch.next_due < 0 || delay < batch.next_due))
        batch.next_due = delay;
      if (satisfies(step)) batch.children.merge(children_of(key.first, key.second));
    } else if (recorded != step.recorded.end() && recorded->second == host) {
      repeated.push_back(key);
    } else {
      batch.stale.insert(key);
    }
  }
  for (const Key& key : repeated) {
    batch.repeated.insert(key.first);
    for (const Key& child : children_of(key.first, key.second)) {
      const ModelStep& step = tasks_.at(child.first).step(child.second);
      if (step.state == "in_progress" && step.host == host) batch.again.insert(child);
    }
  }
}

// Children whose last parent succeeded: claimed as far as there is room, else queued. Room is given to all
// children of the batch, in order, also to those that still wait: only if all of them fit must each be
// claimed.
std::string ReferenceModel::place_children(int host, int room, const Plugins& plugins, Batch& batch,
                                           bool& queued) {
  const bool all_fit = static_cast<int>(batch.children.size()) <= room;
  for (const long id : batch.written) {
    ModelTask& task = tasks_.at(id);
    const ModelTask before = task;
    settle(task);
    for (int ord = 1; ord <= static_cast<int>(task.steps.size()); ++ord) {
      if (before.step(ord).state != "pending" || task.step(ord).state != "ready") continue;
      if (!batch.children.contains({id, ord})) return text({id, ord}) + " was due before this call";
      task.step(ord).due = now_;
      const auto found = batch.told.find({id, ord});
      const bool loaded = plugins.contains(task.graph->plugin);
      if (found == batch.told.end()) {
        if (loaded && all_fit) return text({id, ord}) + " had room and was not claimed";
        queued = true;
        continue;
      }
      if (!loaded || room-- <= 0) return text({id, ord}) + " was claimed without room or plugin";
      if (auto wrong = take(id, task, ord, host, *found->second); !wrong.empty()) return wrong;
      batch.told.erase(found);
    }
  }
  return batch.told.empty() ? "" : text(batch.told.begin()->first) + " was claimed and may not run";
}

std::string ReferenceModel::complete(int host, const std::vector<engine::FinishedAttempt>& attempts, int room,
                                     const Plugins& plugins, const engine::CompleteAnswer& answer) {
  Batch batch;
  write_outcomes(host, attempts, batch);
  for (const auto& step : answer.claimed) {
    if (!batch.told.emplace(key_of(step.step), &step).second)
      return text(key_of(step.step)) + " is told twice";
  }
  for (const Key& key : batch.again) {
    const auto found = batch.told.find(key);
    if (found == batch.told.end()) return text(key) + " is not told again";
    if (found->second->claim_no != tasks_.at(key.first).step(key.second).claim_no)
      return text(key) + " is told with another claim";
    batch.told.erase(found);
  }
  bool queued = false;
  if (auto wrong = place_children(host, room, plugins, batch, queued); !wrong.empty()) return wrong;
  if (queued != answer.queued) return "what was queued is told wrongly";
  if (answer.next_due.count() != batch.next_due)
    return "the next due is told as " + std::to_string(answer.next_due.count());

  std::set<Key> ended, told_ended, told_stale;
  for (const long id : batch.repeated) {
    if (tasks_.at(id).ended) ended.insert({id, tasks_.at(id).state == "complete"});
  }
  for (const long id : batch.written) {
    if (derive_end(tasks_.at(id))) ended.insert({id, tasks_.at(id).state == "complete"});
  }
  for (const auto& end : answer.ended) {
    if (!told_ended.insert({raw(end.task), end.complete}).second) return "an end is told twice";
  }
  for (const auto& fence : answer.stale) told_stale.insert(key_of(fence.step));
  return differs("stale", batch.stale, told_stale) + differs("ended", ended, told_ended);
}

std::string ReferenceModel::hand_back(int host, const std::vector<Fence>& fences, int answer) {
  int count = 0;
  std::set<long> touched;
  for (const Fence& fence : fences) {
    ModelTask& task = tasks_.at(raw(fence.step.task));
    ModelStep& step = task.step(fence.step.ord);
    if (step.state != "in_progress" || step.host != host || step.claim_no != fence.claim_no) continue;
    step.state = task.state == "cancelled" ? "cancelled" : "pending";
    touched.insert(raw(fence.step.task));
    ++count;
  }
  for (const long id : touched) {
    settle(tasks_.at(id));
    derive_end(tasks_.at(id));
  }
  return count == answer ? "" : std::to_string(answer) + " steps came back, not " + std::to_string(count);
}

std::string ReferenceModel::reclaim(const std::vector<int>& dead, int answer) {
  for (const int host : dead) alive_.at(host) = false;
  int count = 0;
  for (auto& [id, task] : tasks_) {
    bool changed = false;
    for (ModelStep& step : task.steps) {
      if (step.state != "in_progress" || alive_.at(step.host)) continue;
      ++count;
      changed = true;
      ++step.lost;
      step.state = task.state == "cancelled" ? "cancelled" : step.lost >= kLostLimit ? "error" : "pending";
    }
    if (!changed) continue;
    settle(task);
    derive_end(task);
  }
  return count == answer ? ""
                         : std::to_string(answer) + " steps were taken over, not " + std::to_string(count);
}

std::string ReferenceModel::held(int host, const std::vector<engine::ClaimedStep>& answer) const {
  std::set<Key> wanted, told;
  for (const Fence& fence : in_progress_under(host)) wanted.insert(key_of(fence.step));
  for (const auto& step : answer) told.insert(key_of(step.step));
  return differs("held", wanted, told);
}

// A lane is told when it has work to claim, and may be told for any due step that still stands among the
// delayed ones.
std::string ReferenceModel::peek(const Plugins& plugins, const engine::PeekAnswer& answer) const {
  std::set<int> must, may;
  for (const auto& [id, task] : tasks_) {
    for (const ModelStep& step : task.steps) {
      if (!is_due(task, step)) continue;
      may.insert(static_cast<int>(id % kLanes));
      if (plugins.contains(task.graph->plugin)) must.insert(static_cast<int>(id % kLanes));
    }
  }
  for (const int lane : must) {
    if (std::count(answer.lanes.begin(), answer.lanes.end(), lane) == 0)
      return "lane " + std::to_string(lane) + " is not told";
  }
  for (const int lane : answer.lanes) {
    if (!may.contains(lane)) return "lane " + std::to_string(lane) + " has nothing due";
  }
  return "";
}

void ReferenceModel::cancel(long id) {
  ModelTask& task = tasks_.at(id);
  if (!may_run(task) && task.state != "paused" && task.state != "error") return;
  task.state = "cancelled";
  for (ModelStep& step : task.steps) {
    if (step.state == "pending" || step.state == "ready" || step.state == "waiting_for_retry")
      step.state = "cancelled";
  }
  derive_end(task);
}

void ReferenceModel::pause(long id) {
  ModelTask& task = tasks_.at(id);
  if (!may_run(task)) return;
  task.state = "paused";
  settle(task);
}

void ReferenceModel::resume(long id) {
  ModelTask& task = tasks_.at(id);
  if (task.state != "paused") return;
  task.state = "in_progress";
  settle(task);
  derive_end(task);
}

}  // namespace tasker::test
