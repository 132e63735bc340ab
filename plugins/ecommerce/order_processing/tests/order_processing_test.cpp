// ecommerce/order_processing as built, on the sample carts, on a folder of its own, and its configuration.
#include <gtest/gtest.h>

#include "example_plugins/example.h"
#include "support/local_server.h"

namespace tasker::test {
namespace {

using nlohmann::json;

const json kPrices = {
    {"currency", "EUR"}, {"tax_percent", 19}, {"shipping_cents", 490}, {"free_shipping_from_cents", 10000}};

json order(Example& shop, std::int64_t cart, const json& stock = json::object()) {
  auto task = shop.task({{"cart_id", cart}});
  task.result("validate_cart");
  task.result("check_inventory", stock);
  task.result("calculate_pricing", kPrices);
  return task.result("create_order");
}

TEST(OrderProcessing, ACartBecomesAnOrderOnceAndItsGoodsLeaveTheStock) {
  Example shop("ecommerce/order_processing-1.0.0");
  auto task = shop.task({{"cart_id", 1}});
  task.result("validate_cart");
  task.result("check_inventory");
  // Two lamps and a guide: 2 x 45.75 + 19.95 = 111.45, shipped free, with 21.18 of tax.
  EXPECT_EQ(task.result("calculate_pricing", kPrices)["total_cents"], 11145 + 2118);
  const json created = task.result("create_order");
  EXPECT_EQ(json::parse(read_file(created["order"].get<std::string>()))["status"], "confirmed");
  EXPECT_EQ(shop.balance("stock of HM-1001"), -2);

  auto second = shop.task({{"cart_id", 1}});
  second.results = task.results;
  EXPECT_EQ(second.code("create_order"), "cart.already_ordered");
  EXPECT_EQ(shop.balance("stock of HM-1001"), -2);
}

TEST(OrderProcessing, WhatIsShortIsRefusedUnlessTheEnvironmentAllowsABackorder) {
  Example shop("ecommerce/order_processing-1.0.0");
  auto task = shop.task({{"cart_id", 3}});  // five keyboards, three are there
  task.result("validate_cart");
  EXPECT_EQ(task.code("check_inventory", {{"allow_backorder", false}}), "inventory.short");
  EXPECT_EQ(order(shop, 3, {{"allow_backorder", true}})["status"], "backordered");
}

TEST(OrderProcessing, CartsThatAreNotThereOrEmptyAreFinal) {
  Example shop("ecommerce/order_processing-1.0.0");
  EXPECT_EQ(shop.task({{"cart_id", 77}}).code("validate_cart"), "cart.not_found");
  EXPECT_EQ(shop.task({{"cart_id", 4}}).code("validate_cart"), "cart.empty");
}

TEST(OrderProcessing, RecordsOfAFolderTakeThePlaceOfTheSampleAndMayBeMendedWhileItRuns) {
  TempDir data;
  write_file(data.path() / "products.json", R"([{"id": 9, "title": "Kite", "price": 12.5, "stock": 4}])");
  Example shop("ecommerce/order_processing-1.0.0", {{"data_dir", data.path().string()}});
  const Answer missing = shop.task({{"cart_id", 5}}).run("validate_cart");
  EXPECT_EQ(missing.kind, TASKER_RETRY);
  EXPECT_EQ(missing.code, "records.unreadable");
  write_file(data.path() / "carts.json", "{}");
  EXPECT_EQ(shop.task({{"cart_id", 5}}).code("validate_cart"), "records.malformed");
  write_file(data.path() / "carts.json",
             R"([{"id": 5, "userId": 1, "products": [{"id": 9, "quantity": 2}]}])");
  EXPECT_EQ(order(shop, 5)["total_cents"], 2990 + 568);
}

TEST(OrderProcessing, RecordsMayComeFromAnApi) {
  LocalServer server;
  Example shop("ecommerce/order_processing-1.0.0", {{"api_base_url", server.url("/records/")}});
  EXPECT_EQ(order(shop, 1)["status"], "confirmed");
  EXPECT_EQ(server.next_request()["path"], "/records/carts/1");
  EXPECT_EQ(shop.task({{"cart_id", 77}}).code("validate_cart"), "cart.not_found");
  Example broken("ecommerce/order_processing-1.0.0", {{"api_base_url", server.url("/status/500")}});
  const Answer answer = broken.task({{"cart_id", 1}}).run("validate_cart");
  EXPECT_EQ(answer.kind, TASKER_RETRY);
  EXPECT_EQ(answer.code, "HTTP_500");
}

TEST(OrderProcessing, AConfigurationThatCannotWorkIsRefusedWithItsReason) {
  const auto refusal = [](const json& config) {
    return PluginFile::refusal("ecommerce/order_processing-1.0.0", config).message;
  };
  EXPECT_NE(refusal(json::object()).find("shop_dir"), std::string::npos);
  EXPECT_NE(refusal({{"shop_dir", "here"}}).find("absolute"), std::string::npos);
  EXPECT_NE(refusal({{"shop_dir", "/tmp"}, {"colour", 1}}).find("colour"), std::string::npos);
  EXPECT_NE(
      refusal({{"shop_dir", "/tmp"}, {"data_dir", "/a"}, {"api_base_url", "http://b"}}).find("one of them"),
      std::string::npos);
}

}  // namespace
}  // namespace tasker::test
