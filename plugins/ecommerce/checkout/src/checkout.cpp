#include "checkout.h"

#include "bill.h"
#include "shop/cart.h"
#include "shop/fault.h"
#include "shop/gateway.h"
#include "shop/mail.h"
#include "shop/money.h"
#include "shop/text.h"

namespace checkout {
namespace {

using shop::Fault;
using shop::Office;
using tasker::Call;
using tasker::Json;

std::string subject_of(const Call& call) {
  return "checkout " + std::string(call.task_id());
}

Json to_json(const Bill& bill) {
  return {{"currency", bill.currency},
          {"goods_cents", bill.goods_cents},
          {"discount_cents", bill.discount_cents},
          {"shipping_cents", bill.shipping_cents},
          {"tax_cents", bill.tax_cents},
          {"total_cents", bill.total_cents}};
}

std::string text_of(const Json& order, const Json& bill) {
  const std::string currency = bill.at("currency");
  std::string text = "Dear " + order.at("customer").at("name").get<std::string>() +
                     ",\n\nthank you for your order " + order.at("order_id").get<std::string>() +
                     ", paid with " + order.at("payment_id").get<std::string>() + ".\n\n";
  for (const auto& line : shop::lines_from(order.at("lines")))
    text += shop::sum_line(std::to_string(line.quantity) + " x " + line.title,
                           line.quantity * line.unit_price_cents, currency);
  for (const auto& [label, key] :
       {std::pair{"Discount", "discount_cents"}, {"Shipping", "shipping_cents"}, {"Tax", "tax_cents"}})
    if (bill.at(key) != 0) text += shop::sum_line(label, bill.at(key), currency);
  return text + shop::sum_line("Total", bill.at("total_cents"), currency);
}

}  // namespace

Json Checkout::validate_cart(Call& call) {
  const Json& context = call.context();
  const Json& customer = context.at("customer_info");
  if (!shop::is_email(customer.at("email").get<std::string>()) ||
      !shop::is_plain(customer.at("name").get<std::string>()))
    throw Fault("customer.malformed", "the customer needs an e-mail address and a name in plain text");
  const auto lines = shop::lines_from(call, office_, context.at("cart_items"), "product_id");
  if (const auto missing = shop::shortage(office_, lines); !missing.empty())
    throw Fault("inventory.short", "not enough in stock: " + missing);
  const Bill bill = bill_for({subtotal_cents(lines), customer.value("tier", "") == "premium",
                              context.value("shipping", "") == "express"},
                             call.config());
  const auto agreed = context.at("payment_info").value("amount_cents", bill.total_cents);
  if (agreed != bill.total_cents)
    throw Fault("payment.amount_mismatch",
                "the customer agreed to " + shop::format_money(agreed, bill.currency) + ", the order costs " +
                    shop::format_money(bill.total_cents, bill.currency));
  return {{"lines", shop::to_json(lines)}, {"bill", to_json(bill)}};
}

Json Checkout::process_payment(Call& call) {
  return office_.once(call, subject_of(call), [&] {
    const Json& bill = call.input("validate_cart").at("bill");
    shop::charge_or_throw(call.context().at("payment_info").at("token").get<std::string>(),
                          static_cast<unsigned>(call.attempt()));
    Office::Deed deed;
    deed.result = {{"payment_id", "pay_" + shop::fingerprint(call.idempotency_key())},
                   {"held_cents", bill.at("total_cents")},
                   {"currency", bill.at("currency")}};
    return deed;
  });
}

Json Checkout::update_inventory(Call& call) {
  return office_.once(call, subject_of(call), [&] {
    const auto lines = shop::lines_from(call.input("validate_cart").at("lines"));
    Office::Deed deed;
    shop::take_stock(deed, lines);
    deed.result = {{"taken", deed.moves}};
    return deed;
  });
}

Json Checkout::create_order(Call& call) {
  const std::string order_id = "CHK-" + std::string(call.task_id());
  const Json& payment = call.input("process_payment");
  const Json order = {{"order_id", order_id},
                      {"payment_id", payment.at("payment_id")},
                      {"customer", call.context().at("customer_info")},
                      {"shipping", call.context().value("shipping", "standard")},
                      {"lines", call.input("validate_cart").at("lines")},
                      {"bill", call.input("validate_cart").at("bill")}};
  Json result = office_.once(call, subject_of(call), [&] {
    // What a refund looks for: payments/process_refund finds the payment by this name.
    Office::Deed deed;
    deed.exclusive = {shop::payment_claim(payment.at("payment_id"))};
    deed.if_taken = "payment.already_collected";
    deed.result = {{"order_id", order_id},
                   {"payment_id", payment.at("payment_id")},
                   {"amount_cents", payment.at("held_cents")},
                   {"currency", payment.at("currency")},
                   {"email", order["customer"]["email"]}};
    return deed;
  });
  result["order"] = office_.folder("orders").put(order_id + ".json", order.dump(2) + "\n").string();
  return result;
}

Json Checkout::send_confirmation(Call& call) {
  return office_.once(call, subject_of(call), [&] {
    const Json& created = call.input("create_order");
    const std::string order_id = created.at("order_id");
    const Json& cart = call.input("validate_cart");
    const Json order = {{"order_id", order_id},
                        {"payment_id", created.at("payment_id")},
                        {"customer", call.context().at("customer_info")},
                        {"lines", cart.at("lines")}};
    const shop::Letter letter{created.at("email"), "Your order " + order_id + " is confirmed",
                              shop::fingerprint(call.idempotency_key())};
    const auto file =
        office_.outbox().put(order_id + ".eml", shop::plain_mail(letter, text_of(order, cart.at("bill"))));
    return Office::Deed{{{"sent_to", letter.to}, {"confirmation", file.string()}}};
  });
}

}  // namespace checkout
