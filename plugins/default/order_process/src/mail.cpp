#include "mail.h"

namespace order_process {

std::string mail_headers(const Confirmation& confirmation) {
  return shop::mail_headers({confirmation.order.email,
                             "Your order " + std::to_string(confirmation.order.order_id) + " is confirmed",
                             confirmation.message_id});
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

}  // namespace order_process
