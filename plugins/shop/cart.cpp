#include "cart.h"

#include <cmath>
#include <set>

#include "fault.h"
#include "money.h"

namespace shop {
namespace {

using tasker::Json;

constexpr std::size_t kMaxLines = 100;
constexpr std::int64_t kMaxQuantity = 999;
constexpr std::int64_t kMaxStock = 1'000'000'000;

std::int64_t whole_number(const Json& object, const char* key) {
  const auto found = object.is_object() ? object.find(key) : object.end();
  if (found == object.end() || !found->is_number_integer())
    throw Fault("cart.malformed", "each line of a cart has \"" + std::string(key) + "\", a whole number");
  return found->get<std::int64_t>();
}

std::string stock_account(const Line& line) {
  return "stock of " + line.sku;
}

void add_product(Line& line, const Json& product) {
  try {
    line.title = product.at("title").get<std::string>();
    line.sku = product.value("sku", "product-" + std::to_string(line.product_id));
    line.stock = stock_of(product);
    line.unit_price_cents = cents_from(product.at("price"));
    const auto least = product.value("minimumOrderQuantity", std::int64_t{1});
    if (line.quantity < least)
      throw Fault("cart.below_minimum", line.title + " is sold from " + std::to_string(least) + " pieces on");
  } catch (const Json::exception&) {
    throw Fault("product.malformed",
                "the record of product " + std::to_string(line.product_id) + " lacks title or price");
  }
}

}  // namespace

std::vector<Line> lines_from(tasker::Call& call, const Office& office, const Json& list, const char* id_key) {
  if (!list.is_array()) throw Fault("cart.malformed", "a cart is an array of lines");
  if (list.empty()) throw Fault("cart.empty", "there is nothing in the cart");
  if (list.size() > kMaxLines)
    throw Fault("cart.too_large", "a cart has at most " + std::to_string(kMaxLines) + " lines");
  std::vector<Line> lines;
  std::set<std::int64_t> seen;
  for (const auto& written : list) {
    Line line;
    line.product_id = whole_number(written, id_key);
    line.quantity = whole_number(written, "quantity");
    const std::string what = "product " + std::to_string(line.product_id);
    if (line.quantity < 1 || line.quantity > kMaxQuantity)
      throw Fault("cart.malformed", what + ": a quantity is within 1 to " + std::to_string(kMaxQuantity));
    if (!seen.insert(line.product_id).second) throw Fault("cart.twice", what + " is in the cart twice");
    const auto product = office.records().find(call, "products", line.product_id);
    if (!product) throw Fault("product.not_found", "there is no " + what);
    add_product(line, *product);
    lines.push_back(std::move(line));
  }
  return lines;
}

Json to_json(const std::vector<Line>& lines) {
  Json list = Json::array();
  for (const auto& line : lines)
    list.push_back({{"product_id", line.product_id},
                    {"sku", line.sku},
                    {"title", line.title},
                    {"quantity", line.quantity},
                    {"unit_price_cents", line.unit_price_cents},
                    {"stock", line.stock}});
  return list;
}

std::vector<Line> lines_from(const Json& lines) {
  std::vector<Line> read;
  for (const auto& line : lines)
    read.push_back({line.at("product_id"), line.at("sku"), line.at("title"), line.at("quantity"),
                    line.at("unit_price_cents"), line.at("stock")});
  return read;
}

std::int64_t stock_of(const Json& product) {
  const Json stock = product.value("stock", Json(0));
  // As a double, which holds what is larger than an integer can be.
  if (!stock.is_number_integer() || std::abs(stock.get<double>()) > kMaxStock)
    throw Fault("product.malformed", "the stock of product " + product.value("id", Json()).dump() + " is " +
                                         stock.dump() + ", which is no number of pieces");
  return stock.get<std::int64_t>();
}

std::int64_t subtotal_cents(const std::vector<Line>& lines) {
  std::int64_t sum = 0;
  for (const auto& line : lines) sum += line.quantity * line.unit_price_cents;
  return sum;
}

std::int64_t available(Office& office, const Line& line) {
  return line.stock + office.ledger().balance(stock_account(line));
}

std::string shortage(Office& office, const std::vector<Line>& lines) {
  std::string text;
  for (const auto& line : lines)
    if (const auto left = available(office, line); left < line.quantity)
      text += (text.empty() ? "" : ", ") + line.title + " (" + std::to_string(line.quantity) + " wanted, " +
              std::to_string(left) + " left)";
  return text;
}

void take_stock(Office::Deed& deed, const std::vector<Line>& lines) {
  for (const auto& line : lines) {
    deed.moves[stock_account(line)] = deed.moves.value(stock_account(line), std::int64_t{0}) - line.quantity;
    deed.floors[stock_account(line)] = -line.stock;
  }
  deed.if_short = "inventory.short";
}

}  // namespace shop
