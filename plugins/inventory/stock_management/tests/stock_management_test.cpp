// inventory/stock_management as built, on the sample products.
#include <gtest/gtest.h>

#include "example_plugins/example.h"

namespace tasker::test {
namespace {

using nlohmann::json;

TEST(StockManagement, NamesWhatIsAtTheThresholdOrBelowAndWhatToReorder) {
  Example shop("inventory/stock_management-1.0.0");
  auto task = shop.task({{"threshold", 7}});
  const json levels = task.result("monitor_stock_levels");
  EXPECT_EQ(levels["products"], 12);
  const json found = task.result("identify_low_stock", {{"reorder_factor", 2}});
  ASSERT_EQ(found["count"], 3);
  EXPECT_EQ(found["low"][0]["sku"], "FD-1007");  // the emptiest first
  EXPECT_EQ(found["low"][0]["is_out"], true);
  EXPECT_EQ(found["low"][0]["reorder"], 14);
  EXPECT_EQ(found["low"][2]["reorder"], 7);
  EXPECT_EQ(json::parse(read_file(found["report"].get<std::string>()))["low"], found["low"]);
}

TEST(StockManagement, NumbersThatNoShopHasAreFinal) {
  Example shop("inventory/stock_management-1.0.0");
  for (const std::int64_t threshold : {std::int64_t{-1}, std::int64_t{1'000'001}, INT64_MAX}) {
    auto task = shop.task({{"threshold", threshold}});
    task.result("monitor_stock_levels");
    EXPECT_EQ(task.code("identify_low_stock", {{"reorder_factor", 100}}), "threshold.malformed") << threshold;
  }
  for (const json& stock :
       {json(INT64_MIN), json(UINT64_MAX), json(1e300), json("many"), json(1'000'000'001)}) {
    TempDir data;
    write_file(data.path() / "products.json", json{{{"id", 1}, {"stock", stock}}}.dump());
    Example other("inventory/stock_management-1.0.0", {{"data_dir", data.path().string()}});
    EXPECT_EQ(other.task({{"threshold", 1}}).code("monitor_stock_levels"), "product.malformed") << stock;
  }
}

TEST(StockManagement, CountsWhatOtherExamplesHaveTaken) {
  Example warehouse("inventory/process_order-1.5.0");
  auto order = warehouse.task({{"order_id", 123}});  // a pair of headphones, two lamps
  order.result("validate_order");
  order.result("reserve_stock");
  PluginFile monitor("inventory/stock_management-1.0.0", {{"shop_dir", warehouse.path("").string()}});
  const json levels = monitor.run({"monitor_stock_levels", "9", "", 1, {{"threshold", 1}}}).payload["levels"];
  const auto headphones =
      std::find_if(levels.begin(), levels.end(), [](const json& level) { return level["sku"] == "EL-1002"; });
  ASSERT_NE(headphones, levels.end());
  EXPECT_EQ((*headphones)["available"], 11);
}

}  // namespace
}  // namespace tasker::test
