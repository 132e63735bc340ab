// The engine's strand by hand: work runs when the test says so, on the test's thread, and time stands still until it is
// moved. post() and call_at() may come from other threads (the liveness thread posts).
#pragma once

#include <chrono>
#include <deque>
#include <functional>
#include <map>
#include <mutex>

#include "engine/executor.h"

namespace tasker::test {

class ManualExecutor final : public engine::Executor {
 public:
  void post(std::function<void()> work) override {
    const std::lock_guard lock(mutex_);
    ready_.push_back(std::move(work));
  }
  void call_at(engine::SteadyTime when, std::function<void()> work) override {
    const std::lock_guard lock(mutex_);
    later_.emplace(when, std::move(work));
  }
  engine::SteadyTime now() const override {
    const std::lock_guard lock(mutex_);
    return now_;
  }

  std::size_t timers() const {
    const std::lock_guard lock(mutex_);
    return later_.size();
  }

  // Runs everything that is due now, and what that makes due.
  void run() {
    while (auto work = next()) work();
  }

  // Moves time step by step from timer to timer, running what falls due.
  void advance(std::chrono::milliseconds span) {
    const engine::SteadyTime end = now() + span;
    run();
    for (;;) {
      {
        const std::lock_guard lock(mutex_);
        if (later_.empty() || later_.begin()->first > end) {
          now_ = end;
          break;
        }
        now_ = std::max(now_, later_.begin()->first);
      }
      run();
    }
    run();
  }

 private:
  std::function<void()> next() {
    const std::lock_guard lock(mutex_);
    std::function<void()> work;
    if (!later_.empty() && later_.begin()->first <= now_) {
      work = std::move(later_.begin()->second);
      later_.erase(later_.begin());
    } else if (!ready_.empty()) {
      work = std::move(ready_.front());
      ready_.pop_front();
    }
    return work;
  }

  mutable std::mutex mutex_;  // guards all below
  std::deque<std::function<void()>> ready_;
  std::multimap<engine::SteadyTime, std::function<void()>> later_;
  engine::SteadyTime now_{std::chrono::hours(1)};
};

}  // namespace tasker::test
