// Time as a parameter: whoever waits or measures takes a Clock, so that tests move time by hand
// (tests/support, ManualClock). steady_now() decides intervals; system_now() is only for showing and
// recording. [any] thread.
#pragma once

#include <chrono>

namespace tasker {

class Clock {
 public:
  virtual ~Clock() = default;
  virtual std::chrono::steady_clock::time_point steady_now() const = 0;
  virtual std::chrono::system_clock::time_point system_now() const = 0;
};

class SystemClock final : public Clock {
 public:
  std::chrono::steady_clock::time_point steady_now() const override {
    return std::chrono::steady_clock::now();
  }
  std::chrono::system_clock::time_point system_now() const override {
    return std::chrono::system_clock::now();
  }
};

}  // namespace tasker
