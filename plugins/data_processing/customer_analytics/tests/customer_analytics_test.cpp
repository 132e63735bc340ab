// data_processing/customer_analytics as built, on the sample records. Its failures in a real host:
// tests/system.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "example_plugins/example.h"

namespace tasker::test {
namespace {

using nlohmann::json;

const char* const kSteps[] = {"extract_orders",
                              "extract_users",
                              "extract_products",
                              "transform_customer_metrics",
                              "transform_product_metrics",
                              "generate_insights",
                              "update_dashboard",
                              "send_notifications"};

json period(const char* from, const char* to) {
  return {{"from", from}, {"to", to}, {"recipient", "team@shop.example"}};
}

TEST(Item90Pipeline, FindsWhoBoughtWhatInThePeriod) {
  Example shop("data_processing/customer_analytics-1.0.0");
  auto task = shop.task(period("2026-03-01", "2026-03-03"));  // five of the twelve orders
  for (const char* step : kSteps) task.result(step);
  EXPECT_EQ(task.results["extract_orders"]["rows"], 5);
  const json& customers = task.results["transform_customer_metrics"];
  EXPECT_EQ(customers["customers"][0],
            json({{"user_id", 1}, {"plan", "pro"}, {"orders", 1}, {"spent_cents", 34050}, {"is_vip", true}}));
  EXPECT_EQ(customers["without_orders"], 3);
  const json& products = task.results["transform_product_metrics"];
  EXPECT_EQ(products["products"][0]["title"], "Noise-cancelling headphones");
  EXPECT_EQ(products["categories"]["books"], 7395);
  const json& insights = task.results["generate_insights"];
  EXPECT_EQ(insights["revenue_cents"], 34050 + 3798 + 7395 + 13500 + 11990);
  EXPECT_EQ(insights["average_order_cents"], 14147);  // 14146.6
  EXPECT_EQ(insights["revenue_cents"], [&] {
    std::int64_t sum = 0;
    for (const auto& [name, cents] : products["categories"].items()) sum += cents.get<std::int64_t>();
    return sum;
  }());
  EXPECT_THAT(read_file(task.results["update_dashboard"]["html"].get<std::string>()),
              testing::AllOf(testing::HasSubstr("5 orders brought EUR 707.33."),
                             testing::HasSubstr("<td>Espresso beans 1 kg</td>")));
  EXPECT_THAT(read_file(task.results["send_notifications"]["mail"].get<std::string>()),
              testing::HasSubstr("Best sold: Noise"));
}

TEST(Item90Pipeline, SumsCountMoreCustomersThanTheTableShows) {
  constexpr int kCustomers = 501;
  json users = json::array(), orders = json::array();
  for (int id = 1; id <= kCustomers; ++id) {
    users.push_back({{"id", id}, {"plan", "pro"}});
    orders.push_back({{"id", id},
                      {"user_id", id},
                      {"placed_on", "2026-03-01"},
                      {"items", {{{"product_id", 1}, {"quantity", 1}, {"unit_price_cents", 100}}}}});
  }
  TempDir data;
  write_file(data.path() / "users.json", users.dump());
  write_file(data.path() / "orders.json", orders.dump());
  write_file(data.path() / "products.json", R"([{"id": 1, "title": "Pen", "category": "office"}])");
  Example shop("data_processing/customer_analytics-1.0.0", {{"data_dir", data.path().string()}});
  auto task = shop.task(period("2026-03-01", "2026-03-01"));
  for (std::size_t i = 0; i < 6; ++i)
    task.result(kSteps[i], i == 3 ? json{{"vip_from_cents", 100}} : json::object());
  EXPECT_EQ(task.results["transform_customer_metrics"]["customers"].size(), 500U);
  const json& insights = task.results["generate_insights"];
  EXPECT_EQ(insights["revenue_cents"], kCustomers * 100);
  EXPECT_EQ(insights["orders"], kCustomers);
  EXPECT_EQ(insights["sentences"][1], "501 of 501 buyers are VIPs.");
}

TEST(Item90Pipeline, APeriodWithoutOrdersIsNoError) {
  Example shop("data_processing/customer_analytics-1.0.0");
  auto task = shop.task(period("2020-01-01", "2020-01-31"));
  for (const char* step : kSteps) task.result(step);
  EXPECT_EQ(task.results["generate_insights"]["average_order_cents"], 0);
  EXPECT_EQ(shop.task(period("2020-02-01", "2020-01-31")).code("extract_orders"), "period.malformed");
}

TEST(Item90Pipeline, AnExtractThatIsGoneIsFinalAndADashboardThatCannotBeWrittenIsNot) {
  Example shop("data_processing/customer_analytics-1.0.0");
  auto task = shop.task(period("2026-03-01", "2026-03-31"));
  for (std::size_t i = 0; i < 6; ++i) task.result(kSteps[i]);
  std::filesystem::remove(task.results["extract_users"]["file"].get<std::string>());
  EXPECT_EQ(task.code("transform_customer_metrics"), "extract.gone");
  write_file(shop.path("dashboard"), "a file in the folder's place");
  const Answer blocked = task.run("update_dashboard");
  EXPECT_EQ(blocked.kind, TASKER_RETRY);
  EXPECT_EQ(blocked.code, "dashboard.unwritable");
}

}  // namespace
}  // namespace tasker::test
