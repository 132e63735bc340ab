// How a handler says that it did not succeed: it throws one of these. Anything else that it throws counts as
// a retryable failure. None of them leaves the plugin: guard.h turns them into outcomes.
#pragma once

#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>
#include <utility>

namespace tasker {
inline namespace sdk_v1 {

// Worth another attempt, as long as the step's retry_limit allows one. Without retry_after the step's backoff decides.
class RetryableError : public std::runtime_error {
 public:
  explicit RetryableError(const std::string& message,
                          std::optional<std::chrono::milliseconds> retry_after = std::nullopt,
                          std::string code = "retryable")
      : std::runtime_error(message), retry_after_(retry_after), code_(std::move(code)) {}
  std::optional<std::chrono::milliseconds> retry_after() const { return retry_after_; }
  const std::string& code() const { return code_; }

 private:
  std::optional<std::chrono::milliseconds> retry_after_;
  std::string code_;
};

// Failed for good. The code is short and stable, for machines: "card.declined".
class PermanentError : public std::runtime_error {
 public:
  explicit PermanentError(const std::string& message, std::string code = "permanent")
      : std::runtime_error(message), code_(std::move(code)) {}
  const std::string& code() const { return code_; }

 private:
  std::string code_;
};

// Not an error: run the step again after this time. It spends no attempt.
class WaitFor : public std::runtime_error {
 public:
  explicit WaitFor(std::chrono::milliseconds delay, const std::string& message = "waiting")
      : std::runtime_error(message), delay_(delay) {}
  std::chrono::milliseconds delay() const { return delay_; }

 private:
  std::chrono::milliseconds delay_;
};

// Stopped because the host asked for it; Call::throw_if_stopping throws it. Without a stop bit the host refuses it.
class Cancelled : public std::runtime_error {
 public:
  explicit Cancelled(const std::string& message = "stopped as the host asked") : std::runtime_error(message) {}
};

}  // namespace sdk_v1
}  // namespace tasker
