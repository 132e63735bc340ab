// An order as the shop took it, and the rules it must keep before anyone is charged. Pure: no files, no
// clock. Amounts are whole cents of the order's currency everywhere.
#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "market.h"

namespace shop {

struct Item {
  std::string sku;
  std::string name;
  std::int64_t quantity = 0;
  std::int64_t unit_price_cents = 0;  // without tax
  TaxClass tax_class = TaxClass::standard;
};

struct Address {
  std::string name;
  std::string street;
  std::string city;
  std::string region;  // state or province, where the country has them
  std::string postal_code;
  std::string country;  // ISO 3166 alpha-2
};

struct Order {
  std::int64_t order_id = 0;
  std::string currency;
  std::string email;
  std::string discount_code;
  std::string payment_token;
  Address ship_to;
  std::vector<Item> items;
};

// Throws Fault `order.malformed` naming the field that is missing or of the wrong type.
Order read_order(const nlohmann::json& json);

// Throws the Fault of the first rule that the order breaks; the codes are listed in the README.
void check_order(const Order& order);

}  // namespace shop
