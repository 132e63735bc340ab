#include "engine/task_waits.h"

#include <algorithm>

namespace tasker::engine {

namespace {
constexpr std::size_t kMostWaits = 10'000;
constexpr Millis kLook{500};  // for tasks that end elsewhere
}  // namespace

void TaskWaits::wait(TaskId task, Millis longest, std::function<void()> done) {
  const SteadyTime deadline = executor_.now() + longest;
  executor_.post([this, exists = std::weak_ptr<int>(existence_), task, deadline, done = std::move(done)]() mutable {
    if (!exists.expired()) add(task, deadline, std::move(done));
  });
}

void TaskWaits::add(TaskId task, SteadyTime deadline, std::function<void()> done) {
  if (ended_ || waits_.size() >= kMostWaits || deadline <= executor_.now()) return done();
  const std::uint64_t number = ++next_;
  if (waits_.empty()) asked_ = executor_.now();
  waits_.emplace(number, Wait{task, deadline, std::move(done)});
  deadlines_.emplace(deadline, number);
  by_task_.emplace(task, number);
  fresh_.push_back(task);
  ask_for_the_fresh();
  tick_later();
}

void TaskWaits::finish(std::uint64_t number) {
  const auto found = waits_.find(number);
  if (found == waits_.end()) return;
  const Wait wait = std::move(found->second);
  waits_.erase(found);
  deadlines_.erase({wait.deadline, number});
  const auto [first, last] = by_task_.equal_range(wait.task);
  for (auto each = first; each != last; ++each) {
    if (each->second != number) continue;
    by_task_.erase(each);
    break;
  }
  wait.done();
}

void TaskWaits::ended(TaskId task) {
  if (by_task_.empty()) return;  // of every task that ends, nearly none is waited for
  std::vector<std::uint64_t> numbers;
  const auto [first, last] = by_task_.equal_range(task);
  for (auto each = first; each != last; ++each) numbers.push_back(each->second);
  for (const std::uint64_t number : numbers) finish(number);
}

void TaskWaits::end_all() {
  executor_.post([this, exists = std::weak_ptr<int>(existence_)] {
    if (exists.expired()) return;
    ended_ = true;
    std::vector<std::uint64_t> numbers;
    for (const auto& [number, wait] : waits_) numbers.push_back(number);
    for (const std::uint64_t number : numbers) finish(number);
  });
}

void TaskWaits::ask_for_the_fresh() {
  if (!asking_ && !fresh_.empty()) ask(std::exchange(fresh_, {}));
}

void TaskWaits::ask(std::vector<TaskId> tasks) {
  asking_ = true;
  reader_.ended_tasks(std::move(tasks), [this, exists = std::weak_ptr<int>(existence_), &executor = executor_](
                                            Result<std::vector<TaskId>> answer) {
    executor.post([this, exists, answer = std::move(answer)] {
      if (exists.expired()) return;
      asking_ = false;
      if (!answer.has_value()) return;  // the next tick asks again
      for (const TaskId task : answer.value()) ended(task);
      ask_for_the_fresh();
    });
  });
}

void TaskWaits::ask_for_all() {
  asked_ = executor_.now();
  fresh_.clear();
  std::vector<TaskId> tasks;
  for (auto each = by_task_.begin(); each != by_task_.end(); each = by_task_.equal_range(each->first).second)
    tasks.push_back(each->first);
  ask(std::move(tasks));
}

// At the first deadline, but never later than the next look: deadlines are a second away at least, so a later one that
// comes first is seen in time.
void TaskWaits::tick_later() {
  if (waits_.empty() || std::exchange(ticking_, true)) return;
  executor_.call_at(std::min(executor_.now() + kLook, deadlines_.begin()->first),
                    [this, exists = std::weak_ptr<int>(existence_)] {
                      if (exists.expired()) return;
                      ticking_ = false;
                      tick();
                      tick_later();
                    });
}

void TaskWaits::tick() {
  const SteadyTime now = executor_.now();
  while (!deadlines_.empty() && deadlines_.begin()->first <= now) finish(deadlines_.begin()->second);
  if (!asking_ && !waits_.empty() && now - asked_ >= kLook) ask_for_all();
}

}  // namespace tasker::engine
