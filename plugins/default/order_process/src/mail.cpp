#include "mail.h"

namespace order_process {
namespace {

constexpr std::size_t kLabelWidth = 50;

std::string pad(std::string text, std::size_t width) {
  // Bytes of a UTF-8 character after its first take no room on the line.
  std::size_t shown = 0;
  for (const char c : text) shown += (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  if (shown < width) text.append(width - shown, ' ');
  return text;
}

}  // namespace

std::string mail_headers(const Confirmation& confirmation) {
  const auto id = std::to_string(confirmation.order.order_id);
  return "From: Example Shop <orders@shop.example>\nTo: <" + confirmation.order.email +
         ">\nSubject: Your order " + id + " is confirmed\nMessage-ID: <" + confirmation.message_id +
         "@shop.example>\nMIME-Version: 1.0\n";
}

std::string text_of_items(const Confirmation& confirmation) {
  const Order& order = confirmation.order;
  std::string text = "Dear " + order.ship_to.name + ",\n\nthank you for your order " +
                     std::to_string(order.order_id) + ". We received your payment " +
                     confirmation.payment_id + ".\n\n";
  for (const auto& item : order.items)
    text += sum_line(std::to_string(item.quantity) + " x " + item.name, item.quantity * item.unit_price_cents,
                     order.currency);
  text += "\n";
  return text;
}

std::string sum_line(std::string_view label, std::int64_t cents, const std::string& currency) {
  return pad("  " + std::string(label), kLabelWidth) + format_money(cents, currency) + "\n";
}

std::string escape_html(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    switch (c) {
      case '&':
        escaped += "&amp;";
        break;
      case '<':
        escaped += "&lt;";
        break;
      case '>':
        escaped += "&gt;";
        break;
      case '"':
        escaped += "&quot;";
        break;
      default:
        escaped += c;
    }
  }
  return escaped;
}

}  // namespace order_process
