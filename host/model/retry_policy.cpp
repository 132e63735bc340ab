#include "model/retry_policy.h"

#include <algorithm>
#include <cmath>

namespace tasker::model {
namespace {

// In multiples of the base. Doubles: a large attempt number must saturate, not wrap.
double factor(const RetryPolicy& policy, int attempts_used) {
  const int n = std::max(attempts_used, 1);
  switch (policy.backoff) {
    case Backoff::table:
      return n <= 6 ? static_cast<double>(1 << (n - 1)) : static_cast<double>(n) * n;
    case Backoff::exponential:
      return std::pow(policy.multiplier, n - 1);
    case Backoff::constant:
      return 1.0;
  }
  return 1.0;
}

}  // namespace

std::string_view backoff_text(Backoff backoff) {
  switch (backoff) {
    case Backoff::table:
      return "table";
    case Backoff::exponential:
      return "exponential";
    case Backoff::constant:
      return "constant";
  }
  return "table";
}

std::optional<Backoff> backoff_from(std::string_view text) {
  for (Backoff backoff : {Backoff::table, Backoff::exponential, Backoff::constant}) {
    if (text == backoff_text(backoff)) return backoff;
  }
  return std::nullopt;
}

Millis RetryPolicy::delay(int attempts_used, double random01) const {
  const double limit = static_cast<double>(cap.count());
  const double plain = std::min(static_cast<double>(base.count()) * factor(*this, attempts_used), limit);
  const double spread = plain * (1.0 + jitter * (2.0 * random01 - 1.0));
  return Millis{static_cast<Millis::rep>(std::clamp(std::round(spread), 0.0, limit))};
}

Millis RetryPolicy::delay(int attempts_used, double random01, std::optional<Millis> retry_after) const {
  if (!retry_after) return delay(attempts_used, random01);
  return std::clamp(*retry_after, Millis{0}, cap);
}

}  // namespace tasker::model
