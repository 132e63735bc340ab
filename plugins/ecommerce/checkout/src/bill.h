// What a cart costs: goods, a premium customer's discount, shipping, tax. Whole cents, each part rounded half
// up once. Pure.
#pragma once

#include <tasker/sdk.h>

#include <cstdint>
#include <string>

namespace checkout {

struct Order {
  std::int64_t goods_cents = 0;
  bool is_premium = false;
  bool is_express = false;
};

struct Bill {
  std::string currency;
  std::int64_t goods_cents = 0;
  std::int64_t discount_cents = 0;
  std::int64_t shipping_cents = 0;
  std::int64_t tax_cents = 0;
  std::int64_t total_cents = 0;
};

// `rates` is the step's handler_config. Throws PermanentError config.invalid.
Bill bill_for(const Order& order, const tasker::Json& rates);

}  // namespace checkout
