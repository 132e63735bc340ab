#include "bill.h"

#include "shop/money.h"
#include "template/options.h"

namespace checkout {

Bill bill_for(const Order& order, const tasker::Json& rates) {
  constexpr std::int64_t kMost = 1'000'000'000;
  const stock::Options options(
      rates, "validate_cart's handler_config",
      {"currency", "tax_percent", "premium_discount_percent", "standard_shipping_cents",
       "express_shipping_cents", "free_shipping_from_cents", "timeout_seconds"});
  Bill bill;
  bill.currency = options.text("currency", "EUR");
  bill.goods_cents = order.goods_cents;
  if (order.is_premium)
    bill.discount_cents =
        shop::share_half_up(order.goods_cents, options.integer("premium_discount_percent", 0, 0, 100), 100);
  const std::int64_t goods = bill.goods_cents - bill.discount_cents;
  if (order.is_express)
    bill.shipping_cents = options.integer("express_shipping_cents", 0, 0, kMost);
  else if (goods < options.integer("free_shipping_from_cents", kMost, 0, kMost))
    bill.shipping_cents = options.integer("standard_shipping_cents", 0, 0, kMost);
  bill.tax_cents =
      shop::percent_half_up(goods + bill.shipping_cents, options.number("tax_percent", 0, 0, 100));
  bill.total_cents = goods + bill.shipping_cents + bill.tax_cents;
  return bill;
}

}  // namespace checkout
