#include "metrics.h"

#include <algorithm>
#include <map>

#include "shop/fault.h"
#include "shop/money.h"

namespace customer_analytics {
namespace {

using shop::Fault;
using tasker::Json;

std::map<std::int64_t, Json> by_id(const Rows& rows) {
  std::map<std::int64_t, Json> map;
  for (const auto& row : rows) map[row.at("id").get<std::int64_t>()] = row;
  return map;
}

// Largest first; the id settles ties.
Json sorted(std::map<std::int64_t, Json> rows, const char* by) {
  std::vector<Json> list;
  list.reserve(rows.size());
  for (auto& [id, row] : rows) list.push_back(std::move(row));
  std::stable_sort(list.begin(), list.end(), [&](const Json& a, const Json& b) { return a[by] > b[by]; });
  return list;
}

void add(Json& sum, std::int64_t amount) {
  sum = sum.get<std::int64_t>() + amount;
}

std::int64_t value_of(const Json& item) {
  return item.at("quantity").get<std::int64_t>() * item.at("unit_price_cents").get<std::int64_t>();
}

}  // namespace

Rows orders_of(const Rows& orders, const std::string& from, const std::string& to) {
  Rows rows;
  for (const auto& order : orders) {
    try {
      const auto day = order.at("placed_on").get<std::string>();
      if (day < from || day > to) continue;
      Json items = Json::array();
      for (const auto& item : order.at("items"))
        items.push_back({{"product_id", item.at("product_id").get<std::int64_t>()},
                         {"quantity", item.at("quantity").get<std::int64_t>()},
                         {"unit_price_cents", item.at("unit_price_cents").get<std::int64_t>()}});
      rows.push_back(
          {{"id", order.at("id")}, {"user_id", order.at("user_id").get<std::int64_t>()}, {"items", items}});
    } catch (const Json::exception& error) {
      throw Fault("orders.malformed", "order " + order.at("id").dump() + ": " + error.what());
    }
  }
  return rows;
}

Json customer_metrics(const Rows& orders, const Rows& users, std::int64_t vip_from_cents) {
  std::map<std::int64_t, Json> customers;
  const auto known = by_id(users);
  std::int64_t unknown = 0;
  for (const auto& order : orders) {
    const auto user = known.find(order.at("user_id").get<std::int64_t>());
    if (user == known.end()) {
      ++unknown;
      continue;
    }
    auto& customer = customers[user->first];
    if (customer.is_null())
      customer = {{"user_id", user->first},
                  {"plan", user->second.value("plan", "none")},
                  {"orders", 0},
                  {"spent_cents", 0}};
    add(customer["orders"], 1);
    for (const auto& item : order.at("items")) add(customer["spent_cents"], value_of(item));
  }
  std::int64_t revenue = 0, bought = 0, vips = 0;
  for (auto& [id, customer] : customers) {
    const auto spent = customer["spent_cents"].get<std::int64_t>();
    customer["is_vip"] = spent >= vip_from_cents;
    vips += spent >= vip_from_cents ? 1 : 0;
    revenue += spent;
    bought += customer["orders"].get<std::int64_t>();
  }
  return {{"buyers", customers.size()},
          {"vips", vips},
          {"orders", bought},
          {"revenue_cents", revenue},
          {"without_orders", known.size() - customers.size()},
          {"unknown_users", unknown},
          {"customers", sorted(customers, "spent_cents")}};
}

Json product_metrics(const Rows& orders, const Rows& products) {
  std::map<std::int64_t, Json> sold;
  const auto known = by_id(products);
  Json categories = Json::object();
  std::int64_t unknown = 0;
  for (const auto& order : orders) {
    for (const auto& item : order.at("items")) {
      const auto product = known.find(item.at("product_id").get<std::int64_t>());
      if (product == known.end()) {
        ++unknown;
        continue;
      }
      const std::string category = product->second.value("category", "none");
      auto& row = sold[product->first];
      if (row.is_null())
        row = {{"product_id", product->first},
               {"title", product->second.value("title", "")},
               {"category", category},
               {"units", 0},
               {"revenue_cents", 0}};
      add(row["units"], item.at("quantity").get<std::int64_t>());
      add(row["revenue_cents"], value_of(item));
      categories[category] = categories.value(category, std::int64_t{0}) + value_of(item);
    }
  }
  return {
      {"categories", categories}, {"unknown_products", unknown}, {"products", sorted(sold, "revenue_cents")}};
}

Json insights_of(const Json& customers, const Json& products) {
  const std::int64_t revenue = customers.at("revenue_cents"), orders = customers.at("orders"),
                     vips = customers.at("vips");
  Json sentences = Json::array();
  const auto say = [&](const std::string& text) { sentences.push_back(text); };
  say(std::to_string(orders) + " orders brought " + shop::format_money(revenue, "EUR") + ".");
  if (vips > 0) say(std::to_string(vips) + " of " + customers.at("buyers").dump() + " buyers are VIPs.");
  if (const auto idle = customers.at("without_orders").get<std::int64_t>(); idle > 0)
    say(std::to_string(idle) + " users bought nothing.");
  if (const auto& best = products.at("products"); !best.empty())
    say("Best sold: " + best[0].at("title").get<std::string>() + ", " +
        shop::format_money(best[0].at("revenue_cents"), "EUR") + ".");
  return {{"revenue_cents", revenue},
          {"orders", orders},
          {"average_order_cents", orders == 0 ? 0 : (revenue + orders / 2) / orders},
          {"sentences", sentences}};
}

}  // namespace customer_analytics
