// The countries the shop sells to: currency, postal codes, tax rates and shipping fees, as tables. Immutable.
// The rates are the public ones of 2024, state or province wide; a real shop would ask a tax service.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace shop {

enum class TaxClass { standard, reduced };

// Parts of 100,000, so that 8.875 % is the whole number 8875.
using TaxRate = std::int64_t;
inline constexpr TaxRate kWhole = 100'000;

struct Region {
  std::string_view code;
  TaxRate rate;
};

struct Market {
  std::string_view country;
  std::string_view currency;
  std::string_view tax_name;
  TaxRate standard;
  TaxRate reduced;  // books, food
  bool taxes_shipping;
  std::int64_t shipping_cents;
  std::int64_t free_shipping_from_cents;
  std::span<const std::string_view> postcodes;  // patterns: N a digit, A a capital letter, else itself
  std::span<const Region> regions;  // when not empty, their rate replaces `standard` and `reduced`
};

const Market* find_market(std::string_view country);
const Region* find_region(const Market& market, std::string_view code);
bool is_postcode(const Market& market, std::string_view text);
TaxRate tax_rate(const Market& market, std::string_view region, TaxClass tax_class);

}  // namespace shop
