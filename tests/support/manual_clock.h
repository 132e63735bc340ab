// A Clock that stands still until a test moves it. Both times move together. [any] thread.
#pragma once

#include <atomic>
#include <chrono>

#include "base/clock.h"

namespace tasker::test {

class ManualClock final : public Clock {
 public:
  void advance(std::chrono::nanoseconds by) { elapsed_ += by.count(); }

  std::chrono::steady_clock::time_point steady_now() const override {
    return std::chrono::steady_clock::time_point{std::chrono::hours{1}} + elapsed();
  }
  // 2025-01-01T00:00:00Z at the start.
  std::chrono::system_clock::time_point system_now() const override {
    return std::chrono::system_clock::time_point{std::chrono::seconds{1'735'689'600}} +
           std::chrono::duration_cast<std::chrono::system_clock::duration>(elapsed());
  }

 private:
  std::chrono::nanoseconds elapsed() const { return std::chrono::nanoseconds{elapsed_.load()}; }

  std::atomic<std::int64_t> elapsed_{0};
};

}  // namespace tasker::test
