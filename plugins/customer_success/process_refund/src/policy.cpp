#include "policy.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <chrono>

#include "shop/fault.h"

namespace customer_success_process_refund {
namespace {

using shop::Fault;

struct Tier {
  std::string_view name;
  int days;
  std::int64_t without_manager_cents;
};
constexpr std::array<Tier, 3> kTiers = {
    {{"standard", 30, 5'000}, {"gold", 60, 20'000}, {"premium", 90, 50'000}}};

std::chrono::sys_days day_of(const std::string& text) {
  unsigned parts[3] = {};
  const std::size_t at[4] = {0, 5, 8, 11};
  bool is_whole = text.size() == 10 && text[4] == '-' && text[7] == '-';
  for (int i = 0; is_whole && i < 3; ++i) {
    const char* end = text.data() + at[i + 1] - 1;
    is_whole = std::from_chars(text.data() + at[i], end, parts[i]).ptr == end;
  }
  const std::chrono::year_month_day date{std::chrono::year(static_cast<int>(parts[0])),
                                         std::chrono::month(parts[1]), std::chrono::day(parts[2])};
  if (!is_whole || !date.ok())
    throw Fault("refund.malformed_date", "\"" + text + "\" is no date like 2026-03-01");
  return date;
}

}  // namespace

Decision decide(const Request& request) {
  const auto tier = std::ranges::find(kTiers, request.tier, &Tier::name);
  if (tier == kTiers.end()) throw Fault("refund.unknown_tier", "there is no tier \"" + request.tier + "\"");
  const auto days = static_cast<int>((day_of(request.opened_on) - day_of(request.paid_on)).count());
  if (days > tier->days)
    throw Fault("refund.too_late", "the payment was " + std::to_string(days) + " days ago; " + request.tier +
                                       " has " + std::to_string(tier->days));
  return {days, request.amount_cents > tier->without_manager_cents};
}

}  // namespace customer_success_process_refund
