#include "engine/submitter.h"

#include <unordered_map>

#include "engine/claimer.h"
#include "engine/dispatcher.h"

namespace tasker::engine {

namespace {
constexpr std::size_t kMaxBatch = 500;  // tasks in one commit, unless one request is larger
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
  const bool alone = !key.key.empty();
  queue_.push_back({std::move(tasks), std::move(reply), std::move(key), alone});
  send_next();
}

void Submitter::send_next() {
  if (under_way_ || queue_.empty() || !core_.registered) return;
  SubmitRequest request;
  request.host = core_.host;
  const bool alone = queue_.front().alone;
  std::size_t tasks = 0;
  do {
    batch_.push_back(std::move(queue_.front()));
    queue_.pop_front();
    tasks += batch_.back().tasks.size();
  } while (!alone && !queue_.empty() && !queue_.front().alone && tasks + queue_.front().tasks.size() <= kMaxBatch);
  request.tasks.reserve(tasks);
  for (const Request& part : batch_) request.tasks.insert(request.tasks.end(), part.tasks.begin(), part.tasks.end());
  request.room = reserved_ = core_.room.free();
  request.plugins = core_.plugins();
  if (alone) request.key = batch_.front().key;
  core_.room.reserve(reserved_);
  under_way_ = true;
  core_.store.submit(std::move(request), core_.on_strand<SubmitAnswer>([this](Result<SubmitAnswer> answer) {
    core_.room.unreserve(reserved_);
    under_way_ = false;
    handle(std::move(answer));
    send_next();
  }));
}

void Submitter::handle(Result<SubmitAnswer> answer) {
  std::vector<Request> batch = std::exchange(batch_, {});
  if (!answer.has_value()) {
    // A value that the database cannot hold, or a key used twice, is its caller's trouble, not this host's.
    if (answer.error().code != Code::database_bad_value && answer.error().code != Code::idempotency_key_reused) {
      core_.on_error(answer.error());
    }
    const bool data_error = !ended_ && answer.error().retry == Retry::never && batch.size() > 1;
    for (auto part = batch.rbegin(); part != batch.rend(); ++part) {
      if (data_error) {
        part->alone = true;
        queue_.push_front(std::move(*part));
      } else {
        queued_tasks_ -= static_cast<int>(part->tasks.size());
        part->reply(answer.error());
      }
    }
    return;
  }
  if (answer->replayed) {
    Request& part = batch.front();
    queued_tasks_ -= static_cast<int>(part.tasks.size());
    return part.reply(CreatedTasks{std::move(answer->tasks), true});
  }
  std::unordered_map<TaskId, const NewTask*> by_id;
  auto id = answer->tasks.begin();
  for (const Request& part : batch) {
    for (const NewTask& task : part.tasks) by_id[*id++] = &task;
  }
  for (const ClaimedStep& step : answer->claimed) {
    const auto task = by_id.find(step.step.task);
    if (task == by_id.end() || core_.working_set.find(step.step.task, step.revision) != nullptr) continue;
    core_.working_set.put(step.step.task, step.revision, std::make_shared<const std::string>(task->second->context),
                          task->second->correlation_id, task->second->traceparent);
  }
  dispatcher_->accept(answer->claimed);
  if (answer->queued) claimer_->look_soon();
  id = answer->tasks.begin();
  for (Request& part : batch) {
    const auto end = id + static_cast<std::ptrdiff_t>(part.tasks.size());
    queued_tasks_ -= static_cast<int>(part.tasks.size());
    core_.stats.tasks_submitted.fetch_add(part.tasks.size(), std::memory_order_relaxed);
    part.reply(CreatedTasks{std::vector<TaskId>(id, end)});
    id = end;
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
  for (Request& part : std::exchange(queue_, {})) {
    part.reply(make_error(Code::stopping, "this host stopped before the tasks were written; submit to another", Retry::later));
  }
  under_way_ = false;
}

}  // namespace tasker::engine
