#include "refunds.h"

#include "shop/fault.h"
#include "shop/mail.h"
#include "shop/money.h"
#include "shop/text.h"

namespace payments_process_refund {
namespace {

using shop::Fault;
using shop::Office;
using tasker::Call;
using tasker::Json;

std::string payment_id_of(Call& call) {
  return call.context().at("payment_id");
}
std::string subject_of(Call& call) {
  return "payment " + payment_id_of(call);
}
std::string refunded_account(Call& call) {
  return "refunded of " + subject_of(call);
}

}  // namespace

Json Refunds::find_payment(Call& call) {
  const std::string id = payment_id_of(call);
  // What is given back is counted by the id, so a payment must answer to no other.
  if (const auto booked = office_.ledger().holder(shop::payment_claim(id));
      booked && booked->at("result").at("payment_id") == id)
    return booked->at("result");
  for (auto& payment : office_.records().all(call, "payments"))
    if (payment.value("payment_id", "") == id) return std::move(payment);
  throw Fault("payment.not_found", "there is no " + subject_of(call));
}

Json Refunds::validate_payment_eligibility(Call& call) {
  const Json payment = find_payment(call);
  const auto paid = payment.at("amount_cents").get<std::int64_t>();
  const auto left = paid + office_.ledger().balance(refunded_account(call));
  const auto wanted = call.context().value("refund_amount_cents", left);
  if (wanted < 1 || wanted > left)
    throw Fault("refund.exceeds_payment", "of " + subject_of(call) + " " +
                                              shop::format_money(left, payment.at("currency")) + " is left");
  return {{"payment_id", payment.at("payment_id")},
          {"paid_cents", paid},
          {"refund_cents", wanted},
          {"currency", payment.at("currency")},
          {"email", payment.at("email")}};
}

Json Refunds::process_gateway_refund(Call& call) {
  return office_.once(call, subject_of(call), [&] {
    const Json& payment = call.input("validate_payment_eligibility");
    const auto amount = payment.at("refund_cents").get<std::int64_t>();
    Office::Deed deed;
    // Two refunds of one payment may have been found eligible at the same time; the ledger lets pass what is
    // left.
    deed.moves = {{refunded_account(call), -amount}};
    deed.floors = {{refunded_account(call), -payment.at("paid_cents").get<std::int64_t>()}};
    deed.if_short = "refund.exceeds_payment";
    deed.result = {{"refund_id", "ref_" + shop::fingerprint(call.idempotency_key())},
                   {"refund_cents", amount}};
    return deed;
  });
}

Json Refunds::update_payment_records(Call& call) {
  return office_.once(call, subject_of(call), [&] {
    const Json& payment = call.input("validate_payment_eligibility");
    const Json& refund = call.input("process_gateway_refund");
    const auto amount = refund.at("refund_cents").get<std::int64_t>();
    const auto left =
        payment.at("paid_cents").get<std::int64_t>() + office_.ledger().balance(refunded_account(call));
    Office::Deed deed;
    deed.exclusive = {"books of " + refund.at("refund_id").get<std::string>()};
    deed.moves = {{"gateway", -amount}, {"refunds", amount}};
    deed.result = {{"refund_id", refund.at("refund_id")},
                   {"left_cents", left},
                   {"status", left == 0 ? "refunded" : "partially_refunded"}};
    return deed;
  });
}

Json Refunds::notify_customer(Call& call) {
  return office_.once(call, subject_of(call), [&] {
    const Json& payment = call.input("validate_payment_eligibility");
    const std::string refund_id = call.input("update_payment_records").at("refund_id");
    const std::string sum = shop::format_money(payment.at("refund_cents"), payment.at("currency"));
    const shop::Letter letter{payment.at("email"), "We have refunded " + sum,
                              shop::fingerprint(call.idempotency_key())};
    const std::string body = "We have given back " + sum + " of your " + subject_of(call) + ", refund " +
                             refund_id + ".\nReason: " + call.context().value("refund_reason", "not given") +
                             "\n";
    return Office::Deed{
        {{"sent_to", letter.to},
         {"note", office_.outbox().put(refund_id + ".eml", shop::plain_mail(letter, body)).string()}}};
  });
}

}  // namespace payments_process_refund
