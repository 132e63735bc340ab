#include "money.h"

#include <cmath>
#include <nlohmann/json.hpp>

#include "fault.h"

namespace shop {
namespace {

constexpr double kDearest = 10'000'000;  // keeps every sum of an order below 2^63 cents

}  // namespace

std::int64_t share_half_up(std::int64_t amount, std::int64_t part, std::int64_t whole) {
  return (amount * part + whole / 2) / whole;
}

std::int64_t percent_half_up(std::int64_t amount, double percent) {
  return share_half_up(amount, std::llround(percent * 1000), 100'000);
}

std::int64_t cents_from(const nlohmann::json& price) {
  const double amount = price.is_number() ? price.get<double>() : NAN;
  if (!(amount >= 0 && amount <= kDearest)) throw Fault("money.malformed", price.dump() + " is no price");
  return std::llround(amount * 100);
}

std::string format_money(std::int64_t cents, const std::string& currency) {
  const std::int64_t size = cents < 0 ? -cents : cents;
  const std::string digits = std::to_string(size % 100 + 100).substr(1);
  return currency + (cents < 0 ? " -" : " ") + std::to_string(size / 100) + "." + digits;
}

}  // namespace shop
