// One workload through the real host: tasks submitted in bulks while they run, and single tasks on an idle system.
#pragma once

#include <atomic>
#include <condition_variable>
#include <mutex>
#include <string>
#include <vector>

#include "engine/api.h"
#include "engine/ports.h"

namespace tasker::bench {

struct Workload {
  std::string name;
  int steps = 1;
  int tasks = 0;  // the usual number, for about ten seconds
};

const std::vector<Workload>& workloads();

// Counts tasks that ended; the host tells it, the benchmark waits on it.
class EndCounter {
 public:
  void note(const engine::EndedTask& ended);
  void wait_for(long count);  // aborts the program after two minutes without progress
  long count() const { return ended_.load(); }
  long failed() const { return failed_.load(); }

 private:
  std::atomic<long> ended_{0};
  std::atomic<long> failed_{0};
  std::atomic<long> wanted_{0};
  std::mutex mutex_;
  std::condition_variable changed_;
};

// Tasks a second, submission included; at most `window` tasks are unfinished at a time.
double run_tasks(engine::Api& api, EndCounter& ends, const std::string& name, int tasks, int window);

// Submit to end of one task after the other, in milliseconds, sorted.
std::vector<double> time_single_tasks(engine::Api& api, EndCounter& ends, const std::string& name, int runs);

}  // namespace tasker::bench
