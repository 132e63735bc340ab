// inventory/process_order as built, on the sample orders.
#include <gtest/gtest.h>

#include "example_plugins/example.h"

namespace tasker::test {
namespace {

using nlohmann::json;

TEST(InventoryProcessOrder, ReservesAnOrdersGoodsOnceAndWritesWhatToPick) {
  Example shop("inventory/process_order-1.5.0");
  auto task = shop.task({{"order_id", 125}});
  task.result("validate_order");
  EXPECT_EQ(task.result("reserve_stock")["replayed"], false);
  EXPECT_EQ(task.result("reserve_stock")["replayed"], true);
  const json list = task.result("create_pick_list");
  EXPECT_EQ(list["pieces"], 2);
  EXPECT_EQ(json::parse(read_file(list["pick_list"].get<std::string>()))["shelves"]["BK"].size(), 2U);
  EXPECT_EQ(shop.balance("stock of BK-1011"), -1);

  auto second = shop.task({{"order_id", 125}});
  second.result("validate_order");
  EXPECT_EQ(second.code("reserve_stock"), "order.already_processed");
}

TEST(InventoryProcessOrder, WhatIsNotThereIsFinal) {
  Example shop("inventory/process_order-1.5.0");
  EXPECT_EQ(shop.task({{"order_id", 1}}).code("validate_order"), "order.not_found");
  auto task = shop.task({{"order_id", 134}});  // nine keyboards, three are there
  task.result("validate_order");
  const Answer answer = task.run("reserve_stock");
  EXPECT_EQ(answer.kind, TASKER_FAIL);
  EXPECT_EQ(answer.code, "inventory.short");
  EXPECT_NE(answer.message.find("Mechanical keyboard (9 wanted, 3 left)"), std::string::npos)
      << answer.message;
  EXPECT_EQ(shop.ledger().size(), 0U);
}

}  // namespace
}  // namespace tasker::test
