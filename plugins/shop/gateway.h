// A payment gateway that needs no network: the card token and the attempt number alone decide what it
// answers, so a run can be repeated, and a restart of the host changes nothing. It keeps no state; the ledger
// remembers charges.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace shop {

struct GatewayAnswer {
  enum class Kind { captured, unavailable, refused };
  Kind kind = Kind::captured;
  std::string code;  // empty when captured
  std::string message;
  std::chrono::milliseconds retry_after{0};  // when unavailable
};

// tok_visa, tok_mastercard, tok_amex, tok_sepa are captured; tok_flaky_<n> is unavailable on the first n
// attempts; tok_declined and any other token are refused for good. `attempt` counts from 1.
GatewayAnswer charge(std::string_view token, unsigned attempt);

// The same for a handler: returns when captured, else throws tasker::RetryableError or Fault with the
// answer's code.
void charge_or_throw(std::string_view token, unsigned attempt);

}  // namespace shop
