// Which refunds are given, by the customer's tier: within how many days after the payment, and up to which
// amount without a manager. Pure.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace customer_success_process_refund {

struct Request {
  std::string tier;
  std::string paid_on;    // 2026-03-01
  std::string opened_on;  // of the ticket
  std::int64_t amount_cents = 0;
};

struct Decision {
  int days = 0;  // between the two dates
  bool needs_manager = false;
};

// Throws Faults refund.unknown_tier, refund.malformed_date, refund.too_late.
Decision decide(const Request& request);

}  // namespace customer_success_process_refund
