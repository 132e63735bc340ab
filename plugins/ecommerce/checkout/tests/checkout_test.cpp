// ecommerce/checkout as built: what it costs, what is paid, what is taken, and what happens twice.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "example_plugins/example.h"

namespace tasker::test {
namespace {

using nlohmann::json;

const json kRates = {{"currency", "EUR"},
                     {"tax_percent", 19},
                     {"premium_discount_percent", 10},
                     {"standard_shipping_cents", 490},
                     {"express_shipping_cents", 1490},
                     {"free_shipping_from_cents", 10000}};

class Item89Checkout : public testing::Test {
 protected:
  static json context(std::int64_t product, int quantity, const json& more = json::object()) {
    json context = {{"cart_items", {{{"product_id", product}, {"quantity", quantity}}}},
                    {"payment_info", {{"token", "tok_visa"}}},
                    {"customer_info", {{"email", "ann.lee@mail.example"}, {"name", "Ann Lee"}}}};
    context.merge_patch(more);
    return context;
  }
  json bill(const json& context) { return shop_.task(context).result("validate_cart", kRates).at("bill"); }

  Example shop_{"ecommerce/checkout-1.0.0"};
};

TEST_F(Item89Checkout, StandardPremiumAndExpressCostWhatTheyShould) {
  // Two lamps at 45.75: 91.50, shipping 4.90, 19 % of 96.40 is 18.316.
  EXPECT_EQ(bill(context(1, 2)), json({{"currency", "EUR"},
                                       {"goods_cents", 9150},
                                       {"discount_cents", 0},
                                       {"shipping_cents", 490},
                                       {"tax_cents", 1832},
                                       {"total_cents", 11472}}));
  // 249.00 is over the threshold; a premium customer pays 224.10.
  const json premium = bill(context(2, 1, {{"customer_info", {{"tier", "premium"}}}}));
  EXPECT_EQ(premium["discount_cents"], 2490);
  EXPECT_EQ(premium["shipping_cents"], 0);
  EXPECT_EQ(premium["total_cents"], 22410 + 4258);
  EXPECT_EQ(bill(context(2, 1, {{"shipping", "express"}}))["shipping_cents"], 1490);
}

TEST_F(Item89Checkout, ACartThatCannotBeSoldIsRefusedForGood) {
  const auto code = [&](const json& context) { return shop_.task(context).code("validate_cart", kRates); };
  EXPECT_EQ(code(context(99, 1)), "product.not_found");
  EXPECT_EQ(code(context(1, 0)), "cart.malformed");
  EXPECT_EQ(code(context(4, 9)), "cart.below_minimum");
  EXPECT_EQ(code(context(7, 1)), "inventory.short");
  EXPECT_EQ(code(context(1, 1, {{"customer_info", {{"email", "ann\nBcc: x@y.example"}}}})),
            "customer.malformed");
  EXPECT_EQ(code(context(1, 2, {{"payment_info", {{"amount_cents", 100}}}})), "payment.amount_mismatch");
}

TEST_F(Item89Checkout, APaymentThatFailsOnceIsRetryableAndADeclinedOneIsNot) {
  auto flaky = shop_.task(context(1, 1, {{"payment_info", {{"token", "tok_flaky_1"}}}}));
  flaky.result("validate_cart", kRates);
  const Answer first = flaky.run("process_payment");
  EXPECT_EQ(first.kind, TASKER_RETRY);
  EXPECT_EQ(first.code, "gateway.unavailable");
  EXPECT_EQ(flaky.run("process_payment", json::object(), 2).kind, TASKER_OK);

  auto declined = shop_.task(context(1, 1, {{"payment_info", {{"token", "tok_declined"}}}}));
  declined.result("validate_cart", kRates);
  EXPECT_EQ(declined.run("process_payment").kind, TASKER_FAIL);
}

TEST_F(Item89Checkout, OfTwoThatWantTheLastPiecesOneFailsAtUpdateInventoryAndPaysNothing) {
  auto one = shop_.task(context(3, 2)), two = shop_.task(context(3, 2));  // three keyboards are there
  for (auto* task : {&one, &two}) {
    task->result("validate_cart", kRates);
    task->result("process_payment");
  }
  one.result("update_inventory");
  const Answer late = two.run("update_inventory");
  EXPECT_EQ(late.kind, TASKER_FAIL);
  EXPECT_EQ(late.code, "inventory.short");
  EXPECT_EQ(shop_.balance("stock of EL-1003"), -2);
}

TEST_F(Item89Checkout, Item13AStepThatRunsAgainGivesItsFirstResultMarkedAsReplayed) {
  auto task = shop_.task(context(1, 2));
  task.result("validate_cart", kRates);
  for (const char* step : {"process_payment", "update_inventory", "create_order", "send_confirmation"}) {
    json first = task.result(step), second = task.result(step);
    EXPECT_EQ(first["replayed"], false) << step;
    EXPECT_EQ(second["replayed"], true) << step;
    first.erase("replayed");
    second.erase("replayed");
    EXPECT_EQ(first, second) << step;
  }
  EXPECT_EQ(shop_.ledger().size(), 4U);
  EXPECT_EQ(shop_.balance("stock of HM-1001"), -2);
  const json order = json::parse(read_file(task.results["create_order"]["order"].get<std::string>()));
  EXPECT_EQ(order["bill"]["total_cents"], task.results["create_order"]["amount_cents"]);
  EXPECT_THAT(read_file(task.results["send_confirmation"]["confirmation"].get<std::string>()),
              testing::AllOf(testing::HasSubstr("To: <ann.lee@mail.example>"),
                             testing::HasSubstr("2 x Desk lamp"), testing::HasSubstr("EUR 114.72")));
}

TEST_F(Item89Checkout, AnOptionThatAStepDoesNotHaveIsFinal) {
  auto task = shop_.task(context(1, 1));
  EXPECT_EQ(task.code("validate_cart", {{"tax_per_cent", 19}}), "config.invalid");
  task.result("validate_cart", kRates);
  const Answer answer = task.run("process_payment", {{"timeout", 5}});
  EXPECT_EQ(answer.code, "config.invalid");
  EXPECT_EQ(answer.message, "process_payment's handler_config has no option \"timeout\": it takes none");
}

TEST_F(Item89Checkout, ALedgerOfAnotherDatabaseIsNotTakenForOurs) {
  auto ours = shop_.task(context(1, 1), "7"), other = shop_.task(context(1, 1), "8");
  ours.result("validate_cart", kRates);
  other.result("validate_cart", kRates);
  ours.idempotency_key = other.idempotency_key = "7/process_payment";
  ours.result("process_payment");
  EXPECT_EQ(other.code("process_payment"), "ledger.of_another_database");
}

}  // namespace
}  // namespace tasker::test
