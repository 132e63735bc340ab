#include "gateway.h"

#include <algorithm>
#include <array>

#include "fault.h"

namespace shop {
namespace {

using namespace std::string_view_literals;

constexpr std::array kGoodTokens = {"tok_visa"sv, "tok_mastercard"sv, "tok_amex"sv, "tok_sepa"sv};
constexpr std::string_view kFlaky = "tok_flaky_";
constexpr std::chrono::milliseconds kRetryAfter{200};

bool is_flaky(std::string_view token) {
  return token.size() == kFlaky.size() + 1 && token.starts_with(kFlaky) && token.back() >= '1' &&
         token.back() <= '9';
}

}  // namespace

GatewayAnswer charge(std::string_view token, unsigned attempt) {
  using Kind = GatewayAnswer::Kind;
  if (is_flaky(token)) {
    if (attempt > static_cast<unsigned>(token.back() - '0')) return {};
    return {Kind::unavailable, "gateway.unavailable",
            "the payment gateway did not answer (attempt " + std::to_string(attempt) + ")",
            kRetryAfter * attempt};
  }
  if (token == "tok_declined")
    return {Kind::refused, "card.declined", "the bank declined the card: insufficient funds", {}};
  if (std::ranges::find(kGoodTokens, token) == kGoodTokens.end())
    return {Kind::refused, "payment.unknown_token", "the gateway does not know this payment token", {}};
  return {};
}

void charge_or_throw(std::string_view token, unsigned attempt) {
  const auto answer = charge(token, attempt);
  if (answer.kind == GatewayAnswer::Kind::unavailable)
    throw tasker::RetryableError(answer.message, answer.retry_after, answer.code);
  if (answer.kind == GatewayAnswer::Kind::refused) throw Fault(answer.code, answer.message);
}

}  // namespace shop
