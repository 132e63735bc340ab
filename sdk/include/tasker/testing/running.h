// An attempt that runs on a thread of its own, for tests that do something meanwhile. Each wait has a deadline in real
// time; wait() joins the thread, and so does the end of this object.
#pragma once

#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string_view>
#include <utility>

#include "tasker/testing/live_attempt.h"
#include "tasker/testing/outcome.h"

namespace tasker {
namespace kit {

class Running {
 public:
  Running(std::shared_ptr<LiveAttempt> live, std::function<Outcome()> body, std::function<void(std::uint32_t)> cancel)
      : live_(std::move(live)), cancel_(std::move(cancel)), outcome_(std::async(std::launch::async, std::move(body))) {}

  // TASKER_STOP_* bits that should_stop() and heartbeat() answer from now on.
  void raise(std::uint32_t bits) {
    const std::lock_guard lock(live_->mutex);
    live_->stop_bits |= bits;
  }
  // The same, and the handler's cancel() is called, once.
  void cancel(std::uint32_t bits) {
    raise(bits);
    if (auto nudge = std::exchange(cancel_, nullptr)) nudge(bits);
  }

  // False when it did not happen in time.
  bool wait_for_questions(unsigned count, Millis patience = Millis(10'000)) {
    return wait_until(patience, [count](const LiveAttempt& live) { return live.questions >= count; });
  }
  bool wait_for_log(std::string_view part, Millis patience = Millis(10'000)) {
    return wait_until(patience, [part](const LiveAttempt& live) { return live.said.has_logged(part); });
  }

  // Once.
  Outcome wait() { return outcome_.get(); }

 private:
  template <class Question>
  bool wait_until(Millis patience, Question question) {
    std::unique_lock lock(live_->mutex);
    return live_->changed.wait_for(lock, patience, [&] { return question(*live_); });
  }

  std::shared_ptr<LiveAttempt> live_;
  std::function<void(std::uint32_t)> cancel_;
  std::future<Outcome> outcome_;
};

}  // namespace kit
}  // namespace tasker
