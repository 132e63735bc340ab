// payments/process_refund as built: sample payments, payments of the other examples, and never more than was
// paid.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "example_plugins/example.h"

namespace tasker::test {
namespace {

using nlohmann::json;

const char* const kSteps[] = {"validate_payment_eligibility", "process_gateway_refund",
                              "update_payment_records", "notify_customer"};

TEST(Item92PaymentsRefund, GivesAPartAndThenTheRestAndBooksBoth) {
  Example shop("payments/process_refund-2.1.0");
  auto part =
      shop.task({{"payment_id", "pay_1001"}, {"refund_amount_cents", 2990}, {"refund_reason", "scratched"}});
  for (const char* step : kSteps) part.result(step);
  EXPECT_EQ(part.results["update_payment_records"]["status"], "partially_refunded");
  EXPECT_THAT(read_file(part.results["notify_customer"]["note"].get<std::string>()),
              testing::AllOf(testing::HasSubstr("EUR 29.90"), testing::HasSubstr("scratched")));

  auto rest = shop.task({{"payment_id", "pay_1001"}});
  for (const char* step : kSteps) rest.result(step);
  EXPECT_EQ(rest.results["process_gateway_refund"]["refund_cents"], 10000);
  EXPECT_EQ(rest.results["update_payment_records"]["status"], "refunded");
  EXPECT_EQ(shop.balance("refunds"), 12990);
  EXPECT_EQ(shop.task({{"payment_id", "pay_1001"}}).code("validate_payment_eligibility"),
            "refund.exceeds_payment");
}

TEST(Item92PaymentsRefund, OfTwoRefundsThatWereBothEligibleTheLaterOneIsRefused) {
  Example shop("payments/process_refund-2.1.0");
  auto one = shop.task({{"payment_id", "pay_1002"}}), two = shop.task({{"payment_id", "pay_1002"}});
  one.result(kSteps[0]);
  two.result(kSteps[0]);
  one.result(kSteps[1]);
  EXPECT_EQ(two.code(kSteps[1]), "refund.exceeds_payment");
  EXPECT_EQ(one.result(kSteps[1])["replayed"], true);
  EXPECT_EQ(shop.balance("refunded of payment pay_1002"), -4999);
}

TEST(Item92PaymentsRefund, FindsThePaymentThatAnotherExampleHasTaken) {
  Example till("payments/process_order-2.1.0");
  auto order = till.task({{"order_id", 133}});
  order.result("validate_order");
  const json paid = order.result("process_payment");
  PluginFile refunds("payments/process_refund-2.1.0", {{"shop_dir", till.path("").string()}});
  const Answer found = refunds.run({kSteps[0], "2", "", 1, {{"payment_id", paid["payment_id"]}}});
  EXPECT_EQ(found.payload["refund_cents"], paid["amount_cents"]) << found.message;
  EXPECT_EQ(refunds.run({kSteps[0], "3", "", 1, {{"payment_id", "pay_0"}}}).code, "payment.not_found");
}

TEST(Item92PaymentsRefund, APaymentAnswersToItsIdOnly) {
  Example till("payments/process_order-2.1.0");
  auto order = till.task({{"order_id", 123}});
  order.result("validate_order");
  const std::string id = order.result("process_payment").at("payment_id");
  PluginFile refunds("payments/process_refund-2.1.0", {{"shop_dir", till.path("").string()}});
  EXPECT_EQ(refunds.run({kSteps[0], "2", "", 1, {{"payment_id", id}}}).code, "");
  // What else the ledger calls the payment, for claims of its own.
  for (const char* other : {"of order 123", "id of order 123"})
    EXPECT_EQ(refunds.run({kSteps[0], "3", "", 1, {{"payment_id", other}}}).code, "payment.not_found")
        << other;
  EXPECT_EQ(refunds.run({kSteps[0], "4", "", 1, {{"payment_id", "id " + id}}}).code, "payment.not_found");
}

TEST(Item92PaymentsRefund, ARecordThatIsNotAsItShouldBeIsFinal) {
  TempDir data;
  write_file(data.path() / "payments.json", R"([{"id": 1, "payment_id": "pay_1", "amount_cents": "much"}])");
  Example shop("payments/process_refund-2.1.0", {{"data_dir", data.path().string()}});
  const Answer answer = shop.task({{"payment_id", "pay_1"}}).run(kSteps[0]);
  EXPECT_EQ(answer.kind, TASKER_FAIL);
  EXPECT_EQ(answer.code, "input.malformed") << answer.message;
}

}  // namespace
}  // namespace tasker::test
