#include "order_book.h"

#include <fstream>
#include <stdexcept>
#include <string>

namespace shop {

OrderBook::OrderBook(const std::filesystem::path& file) {
  const auto fail = [&](const std::string& what) {
    throw std::runtime_error("the orders file " + file.string() + " " + what);
  };
  std::ifstream stream(file);
  if (!stream) fail("cannot be opened");
  auto list = nlohmann::json::parse(stream, nullptr, false);
  if (!list.is_array()) fail("is not a JSON array of orders");
  for (auto& order : list) {
    const auto id = order.is_object() ? order.find("order_id") : order.end();
    if (id == order.end() || !id->is_number_integer())
      fail("holds an order without an integer order_id, after " + std::to_string(orders_.size()) + " others");
    const auto order_id = id->get<std::int64_t>();
    if (!orders_.emplace(order_id, std::move(order)).second)
      fail("holds order " + std::to_string(order_id) + " twice");
  }
}

const nlohmann::json* OrderBook::find(std::int64_t order_id) const {
  const auto found = orders_.find(order_id);
  return found == orders_.end() ? nullptr : &found->second;
}

}  // namespace shop
