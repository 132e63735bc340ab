// What an order costs: goods, discount, shipping, tax, total. Pure integer arithmetic in cents.
// Rounding: the discount and the tax are each computed once per tax rate, over the sum of that rate's lines,
// and rounded half up to a cent; the order's discount and tax are the sums of those. Shipping carries the
// standard rate where the country taxes it, and is free from the country's threshold, measured on the goods
// after discount.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "order.h"

namespace shop {

struct TaxLine {
  TaxRate rate = 0;
  std::int64_t base_cents = 0;
  std::int64_t tax_cents = 0;
};

struct Totals {
  std::int64_t subtotal_cents = 0;
  std::int64_t discount_cents = 0;
  std::int64_t shipping_cents = 0;
  std::int64_t tax_cents = 0;
  std::int64_t total_cents = 0;
  std::string tax_name;
  std::vector<TaxLine> tax_lines;  // by descending rate
};

// The order has passed check_order; discount_percent is within 0 to 100.
Totals compute_totals(const Order& order, int discount_percent);

nlohmann::json to_json(const Totals& totals);

std::string format_rate(TaxRate rate);  // "8.875 %"

}  // namespace shop
