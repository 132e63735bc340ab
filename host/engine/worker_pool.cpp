#include "engine/worker_pool.h"

#include <pthread.h>

#include <condition_variable>
#include <deque>
#include <iterator>
#include <mutex>
#include <thread>

namespace tasker::engine {

class WorkerPool::Pool : public std::enable_shared_from_this<Pool> {
 public:
  explicit Pool(FinishJob finish) : finish_(std::move(finish)) {}

  void start(int threads, const char* name) {
    for (int i = 0; i < threads; ++i) {
      threads_.emplace_back([self = shared_from_this()] { self->work(); });
      pthread_setname_np(threads_.back().native_handle(), name);
    }
  }

  void push(std::vector<std::shared_ptr<AttemptJob>> jobs) {
    if (jobs.empty()) return;
    const std::lock_guard lock(mutex_);
    for (auto& job : jobs) queue_.push_back(std::move(job));
    wake_one();
  }

  void take_back(SteadyTime before, std::vector<std::shared_ptr<AttemptJob>>& out) {
    const std::lock_guard lock(mutex_);
    while (!queue_.empty() && queue_.front()->claimed < before) {
      out.push_back(std::move(queue_.front()));
      queue_.pop_front();
    }
  }

  void take_back_beyond(std::size_t keep, std::vector<std::shared_ptr<AttemptJob>>& out) {
    const std::lock_guard lock(mutex_);
    if (queue_.size() <= keep) return;
    const auto first = queue_.begin() + static_cast<std::ptrdiff_t>(keep);
    out.insert(out.end(), std::make_move_iterator(first), std::make_move_iterator(queue_.end()));
    queue_.erase(first, queue_.end());
  }

  void allow(bool entering) {
    const std::lock_guard lock(mutex_);
    entering_ = entering;
    wake_one();
  }

  // Threads inside a handler are detached: they hold what they need, and nobody takes their outcomes any more.
  void close() { end(!forbid_entering()); }
  void stop() {
    forbid_entering();
    end(true);
  }

 private:
  // Whether a thread is inside a handler: decided under the lock that forbids to enter one, else a thread could enter
  // in between and be waited for.
  bool forbid_entering() {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
    queue_.clear();
    return running_ > 0;
  }

  void end(bool wait) {
    wake_.notify_all();
    for (auto& thread : threads_) {
      if (!thread.joinable()) continue;
      if (wait) {
        thread.join();
      } else {
        thread.detach();
      }
    }
  }

  void wake_one() {
    if (waiting_ > 0 && !queue_.empty() && entering_) wake_.notify_one();
  }

  void work() {
    std::unique_lock lock(mutex_);
    for (;;) {
      ++waiting_;
      wake_.wait(lock, [&] { return stopping_ || (entering_ && !queue_.empty()); });
      --waiting_;
      if (stopping_) return;
      while (entering_ && !queue_.empty() && !stopping_) {
        std::shared_ptr<AttemptJob> job = std::move(queue_.front());
        queue_.pop_front();
        wake_one();
        ++running_;
        lock.unlock();
        run(std::move(job));
        lock.lock();
        --running_;
      }
    }
  }

  void run(std::shared_ptr<AttemptJob> job) {
    AttemptJob& ref = *job;
    const SteadyTime entered = std::chrono::steady_clock::now();
    ref.handler->run(ref.input, [this, self = shared_from_this(), job = std::move(job), entered](AttemptOutcome outcome) {
      finish_(*job, std::move(outcome), entered, std::chrono::steady_clock::now());
    });
  }

  const FinishJob finish_;
  std::vector<std::thread> threads_;

  std::mutex mutex_;  // guards all below
  std::condition_variable wake_;
  std::deque<std::shared_ptr<AttemptJob>> queue_;
  int waiting_ = 0;
  int running_ = 0;
  bool entering_ = true;
  bool stopping_ = false;
};

WorkerPool::WorkerPool(int blocking_threads, int async_threads, FinishJob finish)
    : blocking_(std::make_shared<Pool>(finish)), async_(std::make_shared<Pool>(finish)) {
  blocking_->start(blocking_threads, "handler");
  async_->start(async_threads, "handler-async");
}

WorkerPool::~WorkerPool() {
  blocking_->stop();
  async_->stop();
}

void WorkerPool::run(std::vector<std::shared_ptr<AttemptJob>> jobs) {
  std::vector<std::shared_ptr<AttemptJob>> async;
  std::erase_if(jobs, [&](std::shared_ptr<AttemptJob>& job) {
    if (!job->handler->is_async()) return false;
    async.push_back(std::move(job));
    return true;
  });
  blocking_->push(std::move(jobs));
  async_->push(std::move(async));
}

std::vector<std::shared_ptr<AttemptJob>> WorkerPool::take_back(SteadyTime before) {
  std::vector<std::shared_ptr<AttemptJob>> jobs;
  blocking_->take_back(before, jobs);
  async_->take_back(before, jobs);
  return jobs;
}

std::vector<std::shared_ptr<AttemptJob>> WorkerPool::take_back_beyond(std::size_t keep) {
  std::vector<std::shared_ptr<AttemptJob>> jobs;
  blocking_->take_back_beyond(keep, jobs);
  async_->take_back_beyond(keep, jobs);
  return jobs;
}

void WorkerPool::allow(bool entering) {
  blocking_->allow(entering);
  async_->allow(entering);
}

void WorkerPool::close() {
  blocking_->close();
  async_->close();
}

}  // namespace tasker::engine
