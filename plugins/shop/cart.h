// The lines of a cart with what the shop knows of their products, and what of it is in stock: the products'
// own `stock` less what the ledger's moves have taken. Prices are as the records have them at that moment.
#pragma once

#include <tasker/sdk.h>

#include <cstdint>
#include <string>
#include <vector>

#include "office.h"

namespace shop {

struct Line {
  std::int64_t product_id = 0;
  std::string sku;
  std::string title;
  std::int64_t quantity = 0;
  std::int64_t unit_price_cents = 0;
  std::int64_t stock = 0;  // before anything was taken
};

// [worker] [{`id_key`: 7, "quantity": 2}, ...] with their products. Throws Faults cart.empty, cart.malformed,
// cart.too_large, cart.twice, product.not_found, product.malformed, cart.below_minimum.
std::vector<Line> lines_from(tasker::Call& call, const Office& office, const tasker::Json& list,
                             const char* id_key);

// Between steps.
tasker::Json to_json(const std::vector<Line>& lines);
std::vector<Line> lines_from(const tasker::Json& lines);

// [worker] What a product's record says is in stock, 0 when it says nothing. Throws Fault product.malformed
// for what is no whole number within a thousand million.
std::int64_t stock_of(const tasker::Json& product);

std::int64_t subtotal_cents(const std::vector<Line>& lines);

// [worker] May be negative after a product's record was corrected downwards.
std::int64_t available(Office& office, const Line& line);
// [worker] "Desk lamp (2 wanted, 1 left)" for each line of which there is not enough.
std::string shortage(Office& office, const std::vector<Line>& lines);

// Makes the deed take the lines out of the stock, or be refused with `inventory.short`.
void take_stock(Office::Deed& deed, const std::vector<Line>& lines);

}  // namespace shop
