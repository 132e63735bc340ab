// The runner's handler threads: started when work waits and none is free, up to a bound. Jobs run in the order they came.
// They end with the process.
#pragma once

#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>

namespace tasker::runner {

class ChildPool : public std::enable_shared_from_this<ChildPool> {
 public:
  using Job = std::function<void()>;
  // With one thread. Throws std::system_error when there is none.
  static std::shared_ptr<ChildPool> start(unsigned most_threads);
  void push(Job job);

 private:
  explicit ChildPool(unsigned most_threads) : most_threads_(most_threads) {}
  void add_thread();
  void work();

  const unsigned most_threads_;
  std::mutex mutex_;  // guards all below
  std::condition_variable wake_;
  std::deque<Job> jobs_;
  unsigned threads_ = 0, idle_ = 0;
};

}  // namespace tasker::runner
