// 1.1.0 honours discount codes, itemises the tax by rate, and adds an HTML part to the confirmation.
#include <array>
#include <utility>
#include <vector>

#include "edition.h"
#include "mail.h"
#include "shop/money.h"
#include "shop/text.h"

namespace order_process::edition {
namespace {

using shop::escape_html;
using shop::format_money;
using shop::format_rate;

constexpr std::string_view kBoundary = "=_order_process";

constexpr std::array<std::pair<std::string_view, int>, 3> kDiscounts = {
    {{"WELCOME5", 5}, {"SPRING10", 10}, {"LOYAL15", 15}}};

using Sums = std::vector<std::pair<std::string, std::int64_t>>;

Sums sums_of(const Order& order, const Totals& totals) {
  Sums sums = {{"Subtotal", totals.subtotal_cents}};
  if (totals.discount_cents > 0) sums.emplace_back("Discount " + order.discount_code, -totals.discount_cents);
  sums.emplace_back("Shipping", totals.shipping_cents);
  for (const auto& line : totals.tax_lines)
    sums.emplace_back(totals.tax_name + " " + format_rate(line.rate) + " of " +
                          format_money(line.base_cents, order.currency),
                      line.tax_cents);
  sums.emplace_back("Total", totals.total_cents);
  return sums;
}

std::string html_row(std::string_view label, std::int64_t cents, const std::string& currency) {
  return "<tr><td>" + escape_html(label) + "</td><td align=\"right\">" + format_money(cents, currency) +
         "</td></tr>\n";
}

std::string html_of(const Confirmation& confirmation, const Sums& sums) {
  const Order& order = confirmation.order;
  std::string html = "<!DOCTYPE html>\n<html><body>\n<h1>Thank you, " + escape_html(order.ship_to.name) +
                     "</h1>\n<p>Order " + std::to_string(order.order_id) + ", payment " +
                     confirmation.payment_id + "</p>\n<table>\n";
  for (const auto& item : order.items)
    html += html_row(std::to_string(item.quantity) + " × " + item.name, item.quantity * item.unit_price_cents,
                     order.currency);
  for (const auto& [label, cents] : sums) html += html_row(label, cents, order.currency);
  return html + "</table>\n</body></html>\n";
}

std::string part(std::string_view type, const std::string& body) {
  return "--" + std::string(kBoundary) + "\nContent-Type: " + std::string(type) + "; charset=utf-8\n\n" +
         body;
}

}  // namespace

const std::string_view kHandledBy = "order_process 1.1.0";

int discount_percent(std::string_view code) {
  for (const auto& [known, percent] : kDiscounts)
    if (known == code) return percent;
  return 0;
}

std::string render(const Confirmation& confirmation) {
  const Sums sums = sums_of(confirmation.order, confirmation.totals);
  std::string text = text_of_items(confirmation);
  for (const auto& [label, cents] : sums) text += sum_line(label, cents, confirmation.order.currency);
  return mail_headers(confirmation) + "Content-Type: multipart/alternative; boundary=\"" +
         std::string(kBoundary) + "\"\n\n" + part("text/plain", text) +
         part("text/html", html_of(confirmation, sums)) + "--" + std::string(kBoundary) + "--\n";
}

}  // namespace order_process::edition
