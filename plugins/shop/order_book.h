// The shop's orders, from the JSON file that the configuration names: read once at init, immutable
// afterwards, shared by all handler threads. An order that breaks the rules is kept: validate_order says what
// is wrong with it.
#pragma once

#include <cstdint>
#include <filesystem>
#include <nlohmann/json.hpp>
#include <unordered_map>

namespace shop {

class OrderBook {
 public:
  // Throws std::runtime_error saying what is wrong with the file.
  explicit OrderBook(const std::filesystem::path& file);

  // Null when there is no such order.
  const nlohmann::json* find(std::int64_t order_id) const;
  std::size_t size() const { return orders_.size(); }

 private:
  std::unordered_map<std::int64_t, nlohmann::json> orders_;
};

}  // namespace shop
