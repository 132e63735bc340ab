// One call into a plugin (init, drain, fini, the unloading of its code) on a thread of its own, so that whoever waits for it can
// give up: a call that hangs leaves its thread behind, and nothing else. [loader] makes, asks and destroys it.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <stop_token>
#include <system_error>
#include <thread>

#include "base/result.h"

namespace tasker::plugin {

class ApartCall {
 public:
  // `done` is called on that thread, last; it must not throw, nor touch this object. Code::no_thread, to be tried again later: the
  // system has none left, and nothing was called.
  static Result<std::unique_ptr<ApartCall>> start(std::function<void()> call, std::function<void()> done);
  ApartCall(const ApartCall&) = delete;
  ApartCall& operator=(const ApartCall&) = delete;
  ~ApartCall();  // waits for a call that has ended, and leaves one that has not

  // Whether the call has ended. Waits no longer once a stop is asked for.
  bool wait_until(std::chrono::steady_clock::time_point deadline, const std::stop_token& stop = {});

 private:
  ApartCall();
  struct State;
  std::shared_ptr<State> state_;
  std::thread thread_;
};

// [any] Whether a call that hung was left behind. The process then ends without static destructors: they may wait for it.
bool has_left_calls();
void note_left_call();

// In words, for a thread that could not be started.
Error no_thread_error(const std::system_error& failure);

}  // namespace tasker::plugin
