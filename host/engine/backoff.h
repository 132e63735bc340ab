// Pauses between repetitions of a call that fails: each twice the one before, up to a bound, and each shortened by up to a
// quarter at random, so that what failed together does not come back together. Its owner's thread.
#pragma once

#include <algorithm>
#include <utility>

#include "engine/ports.h"

namespace tasker::engine {

Micros jittered(Micros pause);  // [any] between three quarters of it and all of it

class Backoff {
 public:
  Backoff(Millis first, Millis longest) : first_(first), longest_(longest), next_(first) {}

  Millis next() {
    return std::chrono::duration_cast<Millis>(jittered(std::exchange(next_, std::min(next_ * 2, longest_))));
  }
  void reset() { next_ = first_; }

 private:
  const Millis first_;
  const Millis longest_;
  Millis next_;
};

}  // namespace tasker::engine
