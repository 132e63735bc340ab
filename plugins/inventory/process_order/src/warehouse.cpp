#include "warehouse.h"

#include <algorithm>

#include "shop/cart.h"
#include "shop/fault.h"
#include "shop/text.h"

namespace inventory_process_order {
namespace {

using shop::Fault;
using tasker::Call;
using tasker::Json;

std::string subject_of(Call& call) {
  return "order " + call.context().at("order_id").dump();
}

}  // namespace

Json Warehouse::validate_order(Call& call) {
  const auto order =
      office_.records().find(call, "orders", call.context().at("order_id").get<std::int64_t>());
  if (!order) throw Fault("order.not_found", "there is no " + subject_of(call));
  const Json address = order->value("shipping_address", Json::object());
  if (!address.is_object() || address.empty())
    throw Fault("order.malformed", subject_of(call) + " has no shipping_address");
  const auto lines = shop::lines_from(call, office_, order->value("items", Json()), "product_id");
  return {{"order_id", call.context()["order_id"]}, {"lines", to_json(lines)}, {"shipping_address", address}};
}

Json Warehouse::reserve_stock(Call& call) {
  return office_.once(call, subject_of(call), [&] {
    const auto lines = shop::lines_from(call.input("validate_order").at("lines"));
    // What is short is named here; whether it is, the ledger decides when it records the moves.
    if (const auto missing = shop::shortage(office_, lines);
        !missing.empty() && !office_.ledger().holder("stock of " + subject_of(call)))
      throw Fault("inventory.short", "not enough in stock: " + missing);
    shop::Office::Deed deed;
    shop::take_stock(deed, lines);
    deed.exclusive = {"stock of " + subject_of(call)};
    deed.if_taken = "order.already_processed";
    deed.result = {{"reservation_id", "res_" + shop::fingerprint(call.idempotency_key())},
                   {"taken", deed.moves}};
    return deed;
  });
}

Json Warehouse::create_pick_list(Call& call) {
  const Json& validated = call.input("validate_order");
  auto lines = shop::lines_from(validated.at("lines"));
  // A shelf for each kind: the letters before the dash of the sku.
  std::sort(lines.begin(), lines.end(), [](const auto& a, const auto& b) { return a.sku < b.sku; });
  Json shelves = Json::object();
  std::int64_t pieces = 0;
  for (const auto& line : lines) {
    shelves[line.sku.substr(0, line.sku.find('-'))].push_back(
        {{"sku", line.sku}, {"title", line.title}, {"quantity", line.quantity}});
    pieces += line.quantity;
  }
  const Json list = {{"order_id", validated.at("order_id")},
                     {"reservation_id", call.input("reserve_stock").at("reservation_id")},
                     {"ship_to", validated.at("shipping_address")},
                     {"shelves", shelves}};
  const auto name = "order-" + validated.at("order_id").dump() + ".json";
  return {{"pick_list", office_.folder("pick-lists").put(name, list.dump(2) + "\n").string()},
          {"pieces", pieces},
          {"shelves", shelves.size()}};
}

}  // namespace inventory_process_order
