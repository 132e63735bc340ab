// One call into a plugin (drain, fini, the unloading of its code) on a thread of its own, so that whoever waits for it can give
// up: a call that hangs leaves its thread behind, and nothing else. [loader] makes, asks and destroys it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <thread>

namespace tasker::plugin {

class ApartCall {
 public:
  // `done` is called on that thread, last; it must not throw, nor touch this object.
  ApartCall(std::function<void()> call, std::function<void()> done);
  ApartCall(const ApartCall&) = delete;
  ApartCall& operator=(const ApartCall&) = delete;
  ~ApartCall();  // waits for a call that has ended, and leaves one that has not

  // Whether the call has ended.
  bool wait_until(std::chrono::steady_clock::time_point deadline);

 private:
  struct State;
  std::shared_ptr<State> state_;
  std::thread thread_;
};

}  // namespace tasker::plugin
