#include "store_room.h"

#include <algorithm>

#include "shop/cart.h"
#include "shop/fault.h"
#include "template/options.h"

namespace stock_management {
namespace {

using tasker::Call;
using tasker::Json;

constexpr std::int64_t kMostThreshold = 1'000'000;  // as in the template
constexpr std::size_t kMostLevels = 1000;           // a step's result may hold 256 KiB

}  // namespace

Json StoreRoom::monitor_stock_levels(Call& call) {
  std::vector<Json> levels;
  const auto products = office_.records().all(call, "products");
  for (const auto& product : products) {
    call.throw_if_stopping();
    shop::Line line;
    line.sku = product.value("sku", "product-" + product.at("id").dump());
    line.stock = shop::stock_of(product);
    levels.push_back({{"product_id", product["id"]},
                      {"sku", line.sku},
                      {"title", product.value("title", line.sku)},
                      {"available", shop::available(office_, line)}});
  }
  // The lowest are the ones that count, if there are more than a result can hold.
  std::stable_sort(levels.begin(), levels.end(),
                   [](const Json& a, const Json& b) { return a["available"] < b["available"]; });
  if (levels.size() > kMostLevels) levels.resize(kMostLevels);
  return {{"products", products.size()}, {"levels", levels}};
}

Json StoreRoom::identify_low_stock(Call& call) {
  const stock::Options options(call.config(), "identify_low_stock's handler_config", {"reorder_factor"});
  const auto threshold = call.context().at("threshold").get<std::int64_t>();
  if (threshold < 0 || threshold > kMostThreshold)
    throw shop::Fault("threshold.malformed", "a threshold is within 0 to " + std::to_string(kMostThreshold));
  const auto target = threshold * options.integer("reorder_factor", 3, 1, 100);
  Json low = Json::array();
  for (const auto& level : call.input("monitor_stock_levels").at("levels")) {
    const auto left = level.at("available").get<std::int64_t>();
    if (left > threshold) continue;
    Json entry = level;
    entry["reorder"] = std::max<std::int64_t>(target - left, 1);
    entry["is_out"] = left <= 0;
    low.push_back(entry);
  }
  const Json report = {{"threshold", threshold}, {"low", low}};
  const auto name = "low-stock-task-" + std::string(call.task_id()) + ".json";
  return {{"low", low},
          {"count", low.size()},
          {"report", office_.folder("reports").put(name, report.dump(2) + "\n").string()}};
}

}  // namespace stock_management
