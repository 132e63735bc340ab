// payments/process_order as built, on the sample orders.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "example_plugins/example.h"

namespace tasker::test {
namespace {

using nlohmann::json;

const json kFees = {{"fee_percent", 1.4}, {"fee_cents", 25}};

TEST(PaymentsProcessOrder, CollectsOnceAndBooksSoThatAllAccountsAddUpToNothing) {
  Example shop("payments/process_order-2.1.0");
  auto task = shop.task({{"order_id", 123}});
  const json totals = task.result("validate_order")["totals"];
  const json paid = task.result("process_payment", kFees);
  // 249.00 + 2 x 45.75 = 340.50, shipped free, 19 % is 64.695.
  EXPECT_EQ(paid["amount_cents"], 34050 + 6470);
  EXPECT_EQ(paid["amount_cents"], totals["total_cents"]);
  EXPECT_EQ(paid["fee_cents"], 25 + 567);
  EXPECT_EQ(task.result("process_payment", kFees)["replayed"], true);
  EXPECT_EQ(shop.balance("gateway") + shop.balance("fees") + shop.balance("tax") + shop.balance("revenue"),
            0);
  EXPECT_EQ(shop.balance("tax"), -6470);
  EXPECT_THAT(read_file(task.result("send_confirmation")["receipt"].get<std::string>()),
              testing::AllOf(testing::HasSubstr("Receipt for order 123"), testing::HasSubstr("EUR 405.20")));
}

TEST(PaymentsProcessOrder, AnOrderIsPaidForByOneTaskOnlyAndARepeatChargesNothing) {
  Example shop("payments/process_order-2.1.0");
  auto first = shop.task({{"order_id", 127}});  // tok_flaky_1
  first.result("validate_order");
  EXPECT_EQ(first.run("process_payment", kFees).kind, TASKER_RETRY);
  EXPECT_EQ(first.run("process_payment", kFees, 2).kind, TASKER_OK);
  EXPECT_EQ(first.result("process_payment", kFees)["replayed"], true)
      << "the gateway would have been unavailable";
  auto other = shop.task({{"order_id", 127}});
  other.result("validate_order");
  EXPECT_EQ(other.code("process_payment", kFees), "order.already_processed");
}

TEST(PaymentsProcessOrder, WhatCannotBePaidIsFinal) {
  Example shop("payments/process_order-2.1.0");
  EXPECT_EQ(shop.task({{"order_id", 5}}).code("validate_order"), "order.not_found");
  auto declined = shop.task({{"order_id", 130}});
  declined.result("validate_order");
  EXPECT_EQ(declined.code("process_payment", kFees), "card.declined");
  EXPECT_EQ(shop.ledger().size(), 0U);
}

}  // namespace
}  // namespace tasker::test
