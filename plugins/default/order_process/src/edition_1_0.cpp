#include "edition.h"
#include "mail.h"

namespace order_process::edition {

const std::string_view kHandledBy = "order_process 1.0.0";

int discount_percent(std::string_view) {
  return 0;
}

std::string render(const Confirmation& confirmation) {
  const auto& [order, totals, payment_id, message_id] = confirmation;
  return mail_headers(confirmation) + "Content-Type: text/plain; charset=utf-8\n\n" +
         text_of_items(confirmation) + sum_line("Shipping", totals.shipping_cents, order.currency) +
         sum_line("Tax", totals.tax_cents, order.currency) +
         sum_line("Total", totals.total_cents, order.currency);
}

}  // namespace order_process::edition
