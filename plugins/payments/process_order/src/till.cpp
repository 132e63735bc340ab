#include "till.h"

#include "shop/fault.h"
#include "shop/gateway.h"
#include "shop/mail.h"
#include "shop/money.h"
#include "shop/order.h"
#include "shop/text.h"
#include "shop/totals.h"
#include "template/options.h"

namespace payments_process_order {
namespace {

using shop::Fault;
using tasker::Call;
using tasker::Json;

std::string subject_of(Call& call) {
  return "order " + call.context().at("order_id").dump();
}

std::int64_t fee_for(std::int64_t amount, const Json& config) {
  const stock::Options options(config, "process_payment's handler_config", {"fee_percent", "fee_cents"});
  return options.integer("fee_cents", 0, 0, 100'000) +
         shop::percent_half_up(amount, options.number("fee_percent", 0, 0, 100));
}

}  // namespace

Json Till::validate_order(Call& call) {
  const auto record =
      office_.records().find(call, "orders", call.context().at("order_id").get<std::int64_t>());
  if (!record) throw Fault("order.not_found", "there is no " + subject_of(call));
  const auto order = shop::read_order(*record);
  shop::check_order(order);
  return {{"order", *record}, {"totals", to_json(shop::compute_totals(order, 0))}};
}

Json Till::process_payment(Call& call) {
  const auto order = shop::read_order(call.input("validate_order").at("order"));
  return office_.once(call, subject_of(call), [&] {
    const std::string claim = "payment of " + subject_of(call);
    // Asked before the gateway is: nobody is charged to be told afterwards that it was once too often.
    if (!office_.ledger().holder(claim))
      shop::charge_or_throw(order.payment_token, static_cast<unsigned>(call.attempt()));
    const auto totals = shop::compute_totals(order, 0);
    const auto fee = fee_for(totals.total_cents, call.config());
    const std::string payment_id = "pay_" + shop::fingerprint(call.idempotency_key());
    shop::Office::Deed deed;
    deed.exclusive = {claim, shop::payment_claim(payment_id)};
    deed.if_taken = "order.already_processed";
    deed.moves = {{"gateway", totals.total_cents - fee},
                  {"fees", fee},
                  {"tax", -totals.tax_cents},
                  {"revenue", totals.tax_cents - totals.total_cents}};
    deed.result = {{"payment_id", payment_id},
                   {"amount_cents", totals.total_cents},
                   {"currency", order.currency},
                   {"email", order.email},
                   {"fee_cents", fee}};
    return deed;
  });
}

Json Till::send_confirmation(Call& call) {
  return office_.once(call, subject_of(call), [&] {
    const auto order = shop::read_order(call.input("validate_order").at("order"));
    const Json& payment = call.input("process_payment");
    const std::string id = std::to_string(order.order_id);
    std::string body =
        "Receipt for order " + id + ", payment " + payment.at("payment_id").get<std::string>() + "\n\n";
    for (const auto& item : order.items)
      body += shop::sum_line(std::to_string(item.quantity) + " x " + item.name,
                             item.quantity * item.unit_price_cents, order.currency);
    body += shop::sum_line("Paid, with tax and shipping", payment.at("amount_cents"), order.currency);
    const shop::Letter letter{order.email, "Receipt for order " + id,
                              shop::fingerprint(call.idempotency_key())};
    const auto file = office_.outbox().put("receipt-order-" + id + ".eml", shop::plain_mail(letter, body));
    return shop::Office::Deed{{{"sent_to", order.email}, {"receipt", file.string()}}};
  });
}

}  // namespace payments_process_order
