// When a failed attempt may run again. The one backoff rule of the host: callers ask for a delay and write it
// as `run_at`. Pure functions over a value; randomness is a parameter, so a test or a replay gets the same
// answer.
#pragma once

#include <chrono>
#include <optional>
#include <string_view>

namespace tasker::model {

using Millis = std::chrono::milliseconds;

// table: 1, 2, 4, 8, 16, 32 s after the first six attempts, then attempt^2 s; `base` scales it (1 s is as
// written). exponential: base * multiplier^(attempts_used - 1). constant: base.
enum class Backoff { table, exponential, constant };

std::string_view backoff_text(Backoff backoff);
std::optional<Backoff> backoff_from(std::string_view text);

struct RetryPolicy {
  Backoff backoff = Backoff::table;
  Millis base{1'000};
  Millis cap{300'000};      // no delay is longer, whether computed or asked for by the handler
  double multiplier = 2.0;  // exponential only
  double jitter = 0.10;     // 0.10: the computed delay is spread evenly over -10 % .. +10 %

  // How long to wait after `attempts_used` attempts (1 after the first). `random01` is in [0, 1).
  Millis delay(int attempts_used, double random01) const;

  // The same, but a handler's own wish (retry-after) wins, without jitter, clamped to 0..cap.
  Millis delay(int attempts_used, double random01, std::optional<Millis> retry_after) const;

  bool operator==(const RetryPolicy&) const = default;
};

}  // namespace tasker::model
