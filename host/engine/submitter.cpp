#include "engine/submitter.h"

#include <chrono>
#include <unordered_map>

#include "engine/claimer.h"
#include "engine/dispatcher.h"

namespace tasker::engine {

namespace {
constexpr std::size_t kMaxBatch = 500;  // tasks in one commit, unless one request is larger
constexpr std::chrono::seconds kLockSearch{60};  // then it is no single request's key that somebody holds
}

void Submitter::connect(Dispatcher& dispatcher, Claimer& claimer) {
  dispatcher_ = &dispatcher;
  claimer_ = &claimer;
}

void Submitter::submit(std::vector<NewTask> tasks, IdempotencyKey key, Reply<CreatedTasks> reply) {
  const int count = static_cast<int>(tasks.size());
  if (count == 0) return reply(CreatedTasks{});
  if (queued_tasks_ + count > core_.options.max_queued_tasks) {
    return reply(make_error(Code::overloaded, "too many tasks wait to be written to the database; try again soon",
                            Retry::later));
  }
  queued_tasks_ += count;
  queues_[key.key.empty() ? 0 : 1].push_back({std::move(tasks), std::move(reply), std::move(key)});
  send_next();
}

void Submitter::send_next() {
  if (under_way_ || !core_.registered) return;
  if (queues_[turn_].empty()) turn_ = 1 - turn_;
  auto& queue = queues_[turn_];
  if (queue.empty()) return;
  const bool keyed = turn_ == 1;
  turn_ = 1 - turn_;
  SubmitRequest request;
  request.host = core_.host;
  const std::size_t most = queue.front().most;
  std::size_t tasks = 0;
  do {
    batch_.push_back(std::move(queue.front()));
    queue.pop_front();
    tasks += batch_.back().tasks.size();
  } while (!queue.empty() && batch_.size() < most && queue.front().most == most &&
           tasks + queue.front().tasks.size() <= kMaxBatch);
  request.tasks.reserve(tasks);
  for (const Request& part : batch_) {
    request.tasks.insert(request.tasks.end(), part.tasks.begin(), part.tasks.end());
    if (keyed) request.parts.push_back({part.tasks.size(), part.key});
  }
  request.room = reserved_ = core_.room.free();
  request.plugins = core_.plugins();
  core_.room.reserve(reserved_);
  under_way_ = true;
  core_.store.submit(std::move(request), core_.on_strand<SubmitAnswer>([this](Result<SubmitAnswer> answer) {
    core_.room.unreserve(reserved_);
    under_way_ = false;
    handle(std::move(answer));
    send_next();
  }));
}

void Submitter::refused(std::vector<Request> batch, const Error& error) {
  // A value that the database cannot hold is its caller's trouble, not this host's.
  if (error.code != Code::database_bad_value) core_.on_error(error);
  const std::size_t size = batch.size();
  const bool again = !ended_ && size > 1;
  const SteadyTime now = core_.executor.now();
  for (auto part = batch.rbegin(); part != batch.rend(); ++part) {
    const bool keyed = !part->key.key.empty();
    // Locked as a whole for one held key: halves, each of which may wait for its locks, find it soonest.
    const bool in_time = now < part->search_until.value_or(SteadyTime::max());
    const bool halve = again && keyed && error.code == Code::database_locked && in_time;
    if (halve && !part->search_until) part->search_until = now + kLockSearch;
    if (halve || (again && error.retry == Retry::never)) {
      part->most = halve ? (size + 1) / 2 : 1;
      queues_[keyed ? 1 : 0].push_front(std::move(*part));
    } else {
      queued_tasks_ -= static_cast<int>(part->tasks.size());
      part->reply(error);
    }
  }
}

// First steps that came with the answer: their contexts are at hand.
void Submitter::accept(const std::vector<Request>& batch, const SubmitAnswer& answer) {
  std::unordered_map<TaskId, const NewTask*> by_id;
  auto id = answer.tasks.begin();
  for (const Request& part : batch) {
    for (const NewTask& task : part.tasks) by_id[*id++] = &task;
  }
  for (const ClaimedStep& step : answer.claimed) {
    const auto task = by_id.find(step.step.task);
    if (task == by_id.end() || core_.working_set.find(step.step.task, step.revision) != nullptr) continue;
    core_.working_set.put(step.step.task, step.revision, std::make_shared<const std::string>(task->second->context),
                          task->second->correlation_id, task->second->traceparent);
  }
  dispatcher_->accept(answer.claimed);
  if (answer.queued) claimer_->look_soon();
}

void Submitter::handle(Result<SubmitAnswer> answer) {
  std::vector<Request> batch = std::exchange(batch_, {});
  if (!answer.has_value()) return refused(std::move(batch), answer.error());
  accept(batch, *answer);
  auto id = answer->tasks.begin();
  for (std::size_t i = 0; i < batch.size(); ++i) {
    Request& part = batch[i];
    const auto end = id + static_cast<std::ptrdiff_t>(part.tasks.size());
    Result<CreatedTasks> created = CreatedTasks{std::vector<TaskId>(id, end)};
    if (!answer->parts.empty()) created = std::move(answer->parts[i]);
    id = end;
    queued_tasks_ -= static_cast<int>(part.tasks.size());
    if (created.has_value() && !created->replayed) {
      core_.stats.tasks_submitted.fetch_add(part.tasks.size(), std::memory_order_relaxed);
    }
    part.reply(std::move(created));
  }
}

void Submitter::forget_all() {
  for (Request& part : std::exchange(batch_, {})) {
    queued_tasks_ -= static_cast<int>(part.tasks.size());
    part.reply(make_error(Code::host_dead, "this host was declared dead while the tasks were being written; list the tasks "
                                           "to see whether they were created, then submit again", Retry::later));
  }
  under_way_ = false;
}

void Submitter::refuse_all() {
  ended_ = true;
  for (Request& part : std::exchange(batch_, {})) {
    part.reply(make_error(Code::stopping, "this host stopped while the tasks were being written; list the tasks to see "
                                          "whether they were created, then submit to another", Retry::later));
  }
  for (auto& queue : queues_) {
    for (Request& part : std::exchange(queue, {})) {
      part.reply(make_error(Code::stopping, "this host stopped before the tasks were written; submit to another", Retry::later));
    }
  }
  under_way_ = false;
}

}  // namespace tasker::engine
