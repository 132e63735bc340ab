#include "totals.h"

#include <functional>
#include <map>
#include <nlohmann/json.hpp>

#include "money.h"

namespace shop {

Totals compute_totals(const Order& order, int discount_percent) {
  const Market& market = *find_market(order.ship_to.country);
  Totals totals;
  totals.tax_name = market.tax_name;

  std::map<TaxRate, std::int64_t, std::greater<>> bases;
  for (const auto& item : order.items) {
    const std::int64_t line = item.quantity * item.unit_price_cents;
    totals.subtotal_cents += line;
    bases[tax_rate(market, order.ship_to.region, item.tax_class)] += line;
  }
  for (auto& [rate, base] : bases) {
    const std::int64_t discount = share_half_up(base, discount_percent, 100);
    totals.discount_cents += discount;
    base -= discount;
  }

  const std::int64_t goods = totals.subtotal_cents - totals.discount_cents;
  totals.shipping_cents = goods >= market.free_shipping_from_cents ? 0 : market.shipping_cents;
  if (market.taxes_shipping && totals.shipping_cents > 0)
    bases[tax_rate(market, order.ship_to.region, TaxClass::standard)] += totals.shipping_cents;

  for (const auto& [rate, base] : bases) {
    totals.tax_lines.push_back({rate, base, share_half_up(base, rate, kWhole)});
    totals.tax_cents += totals.tax_lines.back().tax_cents;
  }
  totals.total_cents = goods + totals.shipping_cents + totals.tax_cents;
  return totals;
}

nlohmann::json to_json(const Totals& totals) {
  auto lines = nlohmann::json::array();
  for (const auto& line : totals.tax_lines)
    lines.push_back(
        {{"rate", format_rate(line.rate)}, {"base_cents", line.base_cents}, {"tax_cents", line.tax_cents}});
  return {{"subtotal_cents", totals.subtotal_cents},
          {"discount_cents", totals.discount_cents},
          {"shipping_cents", totals.shipping_cents},
          {"tax_cents", totals.tax_cents},
          {"total_cents", totals.total_cents},
          {"tax_name", totals.tax_name},
          {"tax_lines", std::move(lines)}};
}

std::string format_rate(TaxRate rate) {
  std::string text = std::to_string(rate / 1000);
  if (const TaxRate rest = rate % 1000; rest != 0) {
    std::string digits = std::to_string(rest + 1000).substr(1);
    digits.erase(digits.find_last_not_of('0') + 1);
    text += "." + digits;
  }
  return text + " %";
}

}  // namespace shop
