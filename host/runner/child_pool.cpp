#include "runner/child_pool.h"

#include <system_error>
#include <thread>

namespace tasker::runner {

std::shared_ptr<ChildPool> ChildPool::start(unsigned most_threads) {
  std::shared_ptr<ChildPool> pool(new ChildPool(most_threads));
  const std::lock_guard lock(pool->mutex_);
  pool->add_thread();
  return pool;
}

void ChildPool::add_thread() {
  std::thread([self = shared_from_this()] { self->work(); }).detach();
  ++threads_;
}

void ChildPool::push(Job job) {
  const std::lock_guard lock(mutex_);
  jobs_.push_back(std::move(job));
  if (idle_ > 0) {
    wake_.notify_one();
    if (idle_ >= jobs_.size()) return;
  }
  if (threads_ >= most_threads_) return;
  try {
    add_thread();
  } catch (const std::system_error&) {
    // A limit of memory or threads: those that there are take the job in its turn.
  }
}

void ChildPool::work() {
  std::unique_lock lock(mutex_);
  for (;;) {
    ++idle_;
    wake_.wait(lock, [this] { return !jobs_.empty(); });
    --idle_;
    while (!jobs_.empty()) {
      Job job = std::move(jobs_.front());
      jobs_.pop_front();
      lock.unlock();
      job();
      lock.lock();
    }
  }
}

}  // namespace tasker::runner
