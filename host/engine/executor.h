// Where the engine's state lives: one strand on which everything of engine/ runs, one thing at a time, and a clock
// that belongs to it. Production runs it on Asio (asio_executor.h); tests and simulation move the clock by hand.
#pragma once

#include <chrono>
#include <functional>

namespace tasker::engine {

using SteadyTime = std::chrono::steady_clock::time_point;

class Executor {
 public:
  virtual ~Executor() = default;
  virtual void post(std::function<void()> work) = 0;                      // [any]
  virtual void call_at(SteadyTime when, std::function<void()> work) = 0;  // [any] not cancelled: check on arrival
  virtual SteadyTime now() const = 0;                                     // [any]
};

}  // namespace tasker::engine
