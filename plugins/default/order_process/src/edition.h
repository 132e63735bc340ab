// What differs between the versions of this plugin that are shipped side by side: edition_1_0.cpp and
// edition_1_1.cpp each implement it, and the build links one of them. Everything else is the same source.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "shop/order.h"
#include "shop/totals.h"

namespace order_process {

using shop::Order;
using shop::Totals;

struct Confirmation {
  const Order& order;
  const Totals& totals;
  std::string payment_id;
  std::string message_id;  // the same whenever this step runs again
};

namespace edition {

extern const std::string_view kHandledBy;  // "order_process 1.0.0", part of every result

// 0 where the edition, or its table of codes, knows no discount.
int discount_percent(std::string_view code);

// A whole mail message, headers included. The mail agent stamps the Date when it sends.
std::string render(const Confirmation& confirmation);

}  // namespace edition
}  // namespace order_process
