#include "shop.h"

#include <thread>

#include "edition.h"
#include "shop/fault.h"
#include "shop/gateway.h"
#include "shop/text.h"
#include "shop/totals.h"

namespace order_process {
namespace {

using shop::Fault;
using shop::fingerprint;
using shop::Ledger;
using shop::OrderBook;
using shop::Outbox;
using shop::read_order;
using tasker::Call;
using tasker::Json;

constexpr std::chrono::milliseconds kLongestGatewayLatency{10'000};
constexpr std::chrono::milliseconds kStopCheck{20};

template <class Make>
auto configured(Make make) {
  try {
    return make();
  } catch (const std::exception& error) {
    throw tasker::PermanentError(std::string("order_process cannot start: ") + error.what(),
                                 "config.invalid");
  }
}

std::string path_from(const Json& config, const char* key) {
  if (!config.is_object() || !config.contains(key) || !config[key].is_string() || config[key] == "")
    throw tasker::PermanentError(
        std::string("order_process needs the configuration key \"") + key + "\", a path", "config.invalid");
  return config[key].get<std::string>();
}

std::chrono::milliseconds latency_from(const Json& config) {
  const auto latency = config.value("gateway_latency_ms", Json(0));
  if (!latency.is_number_integer() || latency < 0 || latency > kLongestGatewayLatency.count())
    throw tasker::PermanentError("gateway_latency_ms must be within 0 to 10000", "config.invalid");
  return std::chrono::milliseconds(latency.get<std::int64_t>());
}

std::string payment_claim(const Order& order) {
  return "payment of order " + std::to_string(order.order_id);
}

[[noreturn]] void refuse_processed(const Order& order, const Json& payment) {
  throw Fault("order.already_processed", "order " + std::to_string(order.order_id) +
                                             " was already processed by task " +
                                             payment.value("task_id", std::string("?")));
}

Json effect_of(const Call& call, const Order& order, const Totals& totals) {
  return {{"idempotency_key", call.idempotency_key()},
          {"task_id", call.task_id()},
          {"step", call.step_name()},
          {"order_id", order.order_id},
          {"amount_cents", totals.total_cents},
          {"currency", order.currency},
          {"handled_by", edition::kHandledBy}};
}

// Task ids, and keys with them, begin anew when the database is wiped: an old ledger would then answer for
// other orders.
void check_same_order(const Json& effect, const Order& order) {
  if (effect.at("order_id") != order.order_id)
    throw Fault("ledger.of_another_database",
                "the ledger has this step's key for order " + effect["order_id"].dump() +
                    ": it belongs to another database, start with a new ledger_file");
}

}  // namespace

Shop::Shop(const Json& config)
    : orders_(configured([&] { return OrderBook(path_from(config, "orders_file")); })),
      ledger_(path_from(config, "ledger_file"), config.value("ledger_sync", false)),
      outbox_(configured([&] { return Outbox(path_from(config, "outbox_dir")); })),
      gateway_latency_(latency_from(config)) {}

const Json& Shop::find_order(Call& call) const {
  const Json& context = call.context();
  if (const auto inline_order = context.find("order"); inline_order != context.end()) return *inline_order;
  const auto order_id = context.at("order_id").get<std::int64_t>();
  const Json* order = orders_.find(order_id);
  if (order == nullptr) throw Fault("order.not_found", "there is no order " + std::to_string(order_id));
  return *order;
}

Json Shop::validate_order(Call& call) {
  const Json& source = find_order(call);
  const Order order = read_order(source);
  check_order(order);
  if (const auto payment = ledger_.holder(payment_claim(order));
      payment && (*payment)["task_id"] != call.task_id())
    refuse_processed(order, *payment);

  const Totals totals = compute_totals(order, edition::discount_percent(order.discount_code));
  Json effect = effect_of(call, order, totals);
  const bool replayed = ledger_.record(effect) == Ledger::Verdict::replayed;
  check_same_order(effect, order);
  return {{"order", source},
          {"valid", true},
          {"totals", to_json(totals)},
          {"replayed", replayed},
          {"handled_by", edition::kHandledBy}};
}

Json Shop::process_payment(Call& call) {
  const Json& source = call.input("validate_order").at("order");
  const Order order = read_order(source);
  const Totals totals = compute_totals(order, edition::discount_percent(order.discount_code));
  const std::string key(call.idempotency_key());

  // Asked before the gateway: an earlier attempt may have charged and died before its outcome was
  // committed.
  auto payment = ledger_.find(key);
  bool replayed = payment.has_value();
  if (!replayed) {
    wait_for_gateway(call);
    shop::charge_or_throw(order.payment_token, static_cast<unsigned>(call.attempt()));
    payment = effect_of(call, order, totals);
    (*payment)["exclusive"] = payment_claim(order);
    (*payment)["payment_id"] = "pay_" + fingerprint(key);
    // Another task for the same order may have passed validate_order at the same time: only one is charged.
    const auto verdict = ledger_.record(*payment);
    if (verdict == Ledger::Verdict::taken && (*payment)["task_id"] != call.task_id())
      refuse_processed(order, *payment);
    replayed = verdict != Ledger::Verdict::appended;
  }
  check_same_order(*payment, order);
  return {{"payment_id", (*payment)["payment_id"]},
          {"amount_cents", (*payment)["amount_cents"]},
          {"currency", order.currency},
          {"order", source},
          {"replayed", replayed},
          {"handled_by", edition::kHandledBy}};
}

Json Shop::send_confirmation(Call& call) {
  const Json& payment = call.input("process_payment");
  const Order order = read_order(payment.at("order"));
  const Totals totals = compute_totals(order, edition::discount_percent(order.discount_code));
  const std::string key(call.idempotency_key());
  const std::string name =
      "order-" + std::to_string(order.order_id) + "-task-" + std::string(call.task_id()) + ".eml";

  // The file first: if the host dies in between, the next attempt replaces it by the same bytes.
  auto sent = ledger_.find(key);
  bool replayed = sent.has_value();
  if (!replayed) {
    const auto text = edition::render({order, totals, payment.at("payment_id"), fingerprint(key)});
    sent = effect_of(call, order, totals);
    (*sent)["confirmation"] = outbox_.put(name, text).string();
    replayed = ledger_.record(*sent) != Ledger::Verdict::appended;
  }
  check_same_order(*sent, order);
  return {{"sent_to", order.email},
          {"confirmation", (*sent)["confirmation"]},
          {"replayed", replayed},
          {"handled_by", edition::kHandledBy}};
}

// In small pieces, as a handler that waits must hear when it is told to stop. Nothing is charged yet, so
// stopping leaves nothing half-done.
void Shop::wait_for_gateway(const Call& call) const {
  const auto until = std::chrono::steady_clock::now() + gateway_latency_;
  for (;;) {
    call.throw_if_stopping();
    const auto left = until - std::chrono::steady_clock::now();
    if (left <= left.zero()) return;
    std::this_thread::sleep_for(std::min<std::chrono::nanoseconds>(left, kStopCheck));
  }
}

}  // namespace order_process
