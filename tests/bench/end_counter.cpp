#include "end_counter.h"

#include <string>

#include "session.h"

namespace tasker::bench {

void EndCounter::note(const engine::EndedTask& ended) {
  if (!ended.complete) failed_.fetch_add(1);
  if (remembering_.load(std::memory_order_relaxed)) {
    const std::lock_guard lock(mutex_);
    times_[raw(ended.task)] = Clock::now();
  }
  if (ended_.fetch_add(1) + 1 < wanted_.load()) return;
  const std::lock_guard lock(mutex_);
  changed_.notify_all();
}

void EndCounter::wait_for(long count) {
  std::unique_lock lock(mutex_);
  wanted_.store(count);
  while (ended_.load() < count) {
    const long before = ended_.load();
    if (!changed_.wait_for(lock, std::chrono::minutes(2), [&] { return ended_.load() >= count; }) && ended_.load() == before) {
      give_up("no task ended within two minutes; " + std::to_string(before) + " of " + std::to_string(count) + " have");
    }
  }
}

void EndCounter::remember_times() { remembering_.store(true); }

std::unordered_map<std::int64_t, Clock::time_point> EndCounter::times() const {
  const std::lock_guard lock(mutex_);
  return times_;
}

}  // namespace tasker::bench
