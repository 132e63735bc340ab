// How long an attempt may still wait for the database, and whether it is to stop. One thread.
#pragma once

#include <tasker/sdk.h>

#include <algorithm>
#include <chrono>

namespace std_sql {

using std::chrono::milliseconds;

// How often a wait looks whether it is to stop.
inline constexpr milliseconds kStopCheck{100};

class Wait {
 public:
  Wait(const tasker::Call& call, milliseconds time) : call_(&call), end_(std::chrono::steady_clock::now() + time) {}
  // Not ended by a stop: for what must be waited for because of one.
  explicit Wait(milliseconds time) : end_(std::chrono::steady_clock::now() + time) {}

  bool should_stop() const { return call_ != nullptr && call_->should_stop(); }
  bool is_over() const { return std::chrono::steady_clock::now() >= end_; }
  // The next look at the stop bits, or the end if that is sooner.
  milliseconds slice() const {
    const auto left = std::chrono::ceil<milliseconds>(end_ - std::chrono::steady_clock::now());
    return std::clamp(left, milliseconds(0), kStopCheck);
  }

 private:
  const tasker::Call* call_ = nullptr;
  std::chrono::steady_clock::time_point end_;
};

}  // namespace std_sql
