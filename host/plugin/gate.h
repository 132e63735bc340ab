// Counts the attempts inside one plugin: enter() fails once the gate is closed, and whoever closes it can wait until
// the last one has left. The only way to a plugin's run function. [any] thread; close() and wait: [loader].
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <mutex>

namespace tasker::plugin {

class Gate {
 public:
  bool enter() {
    inside_.fetch_add(1);
    if (!closed_.load()) return true;
    leave();
    return false;
  }
  void leave() {
    // Sequentially consistent on both variables: either the closer sees the count fall, or we see the gate closed.
    if (inside_.fetch_sub(1) != 1 || !closed_.load()) return;
    const std::lock_guard lock(mutex_);
    empty_.notify_all();
  }
  void close() { closed_.store(true); }
  bool wait_until_empty(std::chrono::steady_clock::time_point deadline) {
    std::unique_lock lock(mutex_);
    return empty_.wait_until(lock, deadline, [this] { return inside_.load() == 0; });
  }
  std::int64_t inside() const { return inside_.load(); }

 private:
  std::atomic<std::int64_t> inside_{0};
  std::atomic<bool> closed_{false};
  std::mutex mutex_;
  std::condition_variable empty_;
};

}  // namespace tasker::plugin
