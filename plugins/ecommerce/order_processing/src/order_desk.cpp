#include "order_desk.h"

#include "shop/cart.h"
#include "shop/fault.h"
#include "shop/money.h"
#include "template/options.h"

namespace order_processing {
namespace {

using shop::Fault;
using tasker::Call;
using tasker::Json;

std::int64_t cart_id_of(Call& call) {
  return call.context().at("cart_id").get<std::int64_t>();
}

}  // namespace

Json OrderDesk::validate_cart(Call& call) {
  const auto id = cart_id_of(call);
  const auto cart = office_.records().find(call, "carts", id);
  if (!cart) throw Fault("cart.not_found", "there is no cart " + std::to_string(id));
  const auto lines = shop::lines_from(call, office_, cart->value("products", Json()), "id");
  return {{"cart_id", id}, {"user_id", cart->value("userId", Json())}, {"lines", to_json(lines)}};
}

Json OrderDesk::check_inventory(Call& call) {
  const stock::Options options(call.config(), "check_inventory's handler_config", {"allow_backorder"});
  const auto lines = shop::lines_from(call.input("validate_cart").at("lines"));
  const std::string missing = shop::shortage(office_, lines);
  const bool may_wait = options.flag("allow_backorder", false);
  if (!missing.empty() && !may_wait) throw Fault("inventory.short", "not enough in stock: " + missing);
  return {{"backorder", !missing.empty()},
          {"missing", missing},
          {"lines", call.input("validate_cart").at("lines")}};
}

Json OrderDesk::calculate_pricing(Call& call) {
  const stock::Options options(call.config(), "calculate_pricing's handler_config",
                               {"currency", "tax_percent", "shipping_cents", "free_shipping_from_cents"});
  constexpr std::int64_t kMost = 1'000'000'000;
  const auto goods = subtotal_cents(shop::lines_from(call.input("check_inventory").at("lines")));
  const bool is_free = goods >= options.integer("free_shipping_from_cents", kMost, 0, kMost);
  const auto shipping = is_free ? 0 : options.integer("shipping_cents", 0, 0, kMost);
  const auto tax = shop::percent_half_up(goods + shipping, options.number("tax_percent", 0, 0, 100));
  const std::string currency = options.text("currency");
  return {{"currency", currency},
          {"subtotal_cents", goods},
          {"shipping_cents", shipping},
          {"tax_cents", tax},
          {"total_cents", goods + shipping + tax},
          {"total", shop::format_money(goods + shipping + tax, currency)}};
}

Json OrderDesk::create_order(Call& call) {
  const auto id = cart_id_of(call);
  const auto lines = shop::lines_from(call.input("validate_cart").at("lines"));
  const bool is_backorder = call.input("check_inventory").at("backorder");
  const Json order = {{"order_id", "ORD-" + std::to_string(id)},
                      {"cart_id", id},
                      {"user_id", call.input("validate_cart").at("user_id")},
                      {"lines", to_json(lines)},
                      {"pricing", call.input("calculate_pricing")},
                      {"status", is_backorder ? "backordered" : "confirmed"}};
  Json result = office_.once(call, "cart " + std::to_string(id), [&] {
    shop::Office::Deed deed;
    shop::take_stock(deed, lines);
    if (is_backorder) deed.floors.clear();
    deed.exclusive = {"order of cart " + std::to_string(id)};
    deed.if_taken = "cart.already_ordered";
    deed.result = {{"order_id", order["order_id"]},
                   {"status", order["status"]},
                   {"total_cents", order["pricing"]["total_cents"]}};
    return deed;
  });
  result["order"] = office_.folder("orders")
                        .put(order["order_id"].get<std::string>() + ".json", order.dump(2) + "\n")
                        .string();
  return result;
}

}  // namespace order_processing
