// Counts tasks that ended, and remembers when each did where a scenario asks for it. The host tells it from the
// engine's strand; a benchmark's main thread waits on it.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <mutex>
#include <unordered_map>

#include "engine/ports.h"

namespace tasker::bench {

using Clock = std::chrono::steady_clock;

class EndCounter {
 public:
  void note(const engine::EndedTask& ended);  // [engine]
  void wait_for(long count);                  // ends the program after two minutes without progress
  long count() const { return ended_.load(); }
  long failed() const { return failed_.load(); }

  void remember_times();  // from now on
  std::unordered_map<std::int64_t, Clock::time_point> times() const;

 private:
  std::atomic<long> ended_{0};
  std::atomic<long> failed_{0};
  std::atomic<long> wanted_{0};
  std::atomic<bool> remembering_{false};
  mutable std::mutex mutex_;
  std::condition_variable changed_;
  std::unordered_map<std::int64_t, Clock::time_point> times_;
};

}  // namespace tasker::bench
