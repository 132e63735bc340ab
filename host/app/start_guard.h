// SIGTERM while a host is still starting. A start may wait for long in calls that cannot be cancelled (a database that takes
// a connection and says nothing, a migration behind somebody's lock) and holds no work yet: a moment after the signal
// the process ends as it is. A thread of its own, from construction to destruction.
#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <thread>

#include "app/shutdown.h"

namespace tasker::app {

class StartGuard {
 public:
  // `patience`: what the start gets to come to its own end, which is the better one.
  explicit StartGuard(const Shutdown& shutdown, std::chrono::milliseconds patience = std::chrono::seconds(2));
  ~StartGuard();  // the start is over
  StartGuard(const StartGuard&) = delete;
  StartGuard& operator=(const StartGuard&) = delete;

 private:
  void watch(const Shutdown& shutdown, std::chrono::milliseconds patience);

  std::mutex mutex_;
  std::condition_variable changed_;
  bool is_over_ = false;  // guarded by mutex_
  std::thread thread_;
};

}  // namespace tasker::app
