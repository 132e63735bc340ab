// The example applications in a real host: order of steps, attempts, what fails and what goes on. Tests are
// named after the items of the acceptance list that they show.
#include <gmock/gmock.h>

#include "system/support/example_host.h"

namespace tasker::test {
namespace {

using testing::ElementsAre;

class Examples : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    registration_ = new TempDir;
    host_ = new ExampleHost({"customer/user_onboarding-1.0.0", "data_processing/customer_analytics-1.0.0",
                             "ecommerce/checkout-1.0.0", "ecommerce/order_processing-1.0.0",
                             "inventory/process_order-1.5.0", "inventory/stock_management-1.0.0",
                             "payments/process_order-2.1.0", "user_management/user_registration-1.0.0"},
                            {{"user_management/user_registration",
                              {{"shop_dir", registration_->path().string()}, {"outbox_limit", 4}}}});
  }
  static void TearDownTestSuite() {
    delete host_;
    delete registration_;
  }
  static Json run(const std::string& workflow, const Json& context) { return host_->run(workflow, context); }

  static Json cart(std::int64_t product, int quantity, const char* token = "tok_visa",
                   const Json& more = Json::object()) {
    Json context = {{"cart_items", {{{"product_id", product}, {"quantity", quantity}}}},
                    {"payment_info", {{"token", token}}},
                    {"customer_info", {{"email", "ann.lee@mail.example"}, {"name", "Ann Lee"}}}};
    context.merge_patch(more);
    return context;
  }
  static Json period(const char* recipient = "team@shop.example") {
    return {{"from", "2026-03-01"}, {"to", "2026-03-31"}, {"recipient", recipient}};
  }
  static Json person(const char* name, const char* plan) {
    return {{"email", std::string(name) + "@mail.example"},
            {"username", name},
            {"name", "Ida Nor"},
            {"plan", plan}};
  }

  static inline ExampleHost* host_ = nullptr;
  static inline TempDir* registration_ = nullptr;
};

TEST_F(Examples, Item89CheckoutIsFiveStepsInARowWithTheirOwnLimits) {
  const auto task = run("ecommerce/checkout", cart(1, 2));
  EXPECT_EQ(task.at("detail"), "complete") << task.dump(1);
  std::vector<std::string> names;
  std::vector<int> limits;
  for (const auto& step : task.at("workflow_steps")) {
    names.push_back(step.at("name"));
    limits.push_back(step.at("retry_limit"));
  }
  EXPECT_THAT(names, ElementsAre("validate_cart", "process_payment", "update_inventory", "create_order",
                                 "send_confirmation"));
  EXPECT_THAT(limits, ElementsAre(3, 3, 2, 3, 5));
  expect_parents_first(task);
  EXPECT_TRUE(std::filesystem::exists(
      step_of(task, "send_confirmation").at("results").at("confirmation").get<std::string>()));
}

TEST_F(Examples, Item89PremiumAndExpressContextsSucceed) {
  const auto premium =
      run("ecommerce/checkout", cart(12, 2, "tok_visa", {{"customer_info", {{"tier", "premium"}}}}));
  EXPECT_EQ(premium.at("detail"), "complete") << premium.dump(1);
  EXPECT_EQ(step_of(premium, "validate_cart").at("results").at("bill").at("discount_cents"), 290);
  EXPECT_EQ(run("ecommerce/checkout", cart(12, 2, "tok_visa", {{"shipping", "express"}})).at("detail"),
            "complete");
}

TEST_F(Examples, Item6APaymentThatFailsOnceEndsWithTwoAttempts) {
  const auto task = run("ecommerce/checkout", cart(12, 1, "tok_flaky_1"));
  EXPECT_EQ(task.at("detail"), "complete") << task.dump(1);
  const auto payment = step_of(task, "process_payment");
  EXPECT_EQ(payment.at("attempts"), 2);
  EXPECT_EQ(payment.at("attempt_history")[0].at("outcome"), "retry");
  EXPECT_EQ(payment.at("attempt_history")[0].at("code"), "gateway.unavailable");
}

TEST_F(Examples, Item89APaymentThatNeverWorksEndsAtItsLimitAndNothingBehindItRuns) {
  const auto task = run("ecommerce/checkout", cart(12, 1, "tok_flaky_9"));
  EXPECT_EQ(task.at("detail"), "error");
  EXPECT_EQ(step_of(task, "process_payment").at("attempts"), 3);
  EXPECT_EQ(state_of(task, "update_inventory"), "pending");
  EXPECT_EQ(complete_steps(task), 1);
  const auto declined = run("ecommerce/checkout", cart(12, 1, "tok_declined"));
  EXPECT_EQ(step_of(declined, "process_payment").at("attempts"), 1);
}

TEST_F(Examples, Item89OfTwoThatWantTheLastPiecesOneGetsThem) {
  // The first is held up by its payment while the second comes; either may be first, but not both.
  const auto first = host_->submit("ecommerce/checkout", cart(9, 4, "tok_flaky_2")),
             second = host_->submit("ecommerce/checkout", cart(9, 4));
  int complete = 0;
  for (const auto id : {first, second}) {
    const auto task = host_->http().ended(id);
    if (task.at("detail") == "complete") {
      ++complete;
      continue;
    }
    const auto& steps = task.at("workflow_steps");
    const auto failed = std::find_if(steps.begin(), steps.end(),
                                     [](const Json& step) { return step.at("detail") == "error"; });
    ASSERT_NE(failed, steps.end()) << task.dump(1);
    EXPECT_EQ(failed->at("last_error").at("code"), "inventory.short");
    EXPECT_EQ(failed->at("attempts"), 1);
  }
  EXPECT_EQ(complete, 1);
}

TEST_F(Examples, Item90ThePipelineHasThreeExtractsAndTwoTransforms) {
  const auto task = run("data_processing/customer_analytics", period());
  EXPECT_EQ(task.at("detail"), "complete") << task.dump(1);
  for (const char* root : {"extract_orders", "extract_users", "extract_products"})
    EXPECT_TRUE(step_of(task, root).at("depends_on").empty());
  EXPECT_EQ(step_of(task, "transform_customer_metrics").at("depends_on"),
            (Json{"extract_orders", "extract_users"}));
  EXPECT_EQ(step_of(task, "transform_product_metrics").at("depends_on"),
            (Json{"extract_orders", "extract_products"}));
  expect_parents_first(task);
  EXPECT_TRUE(std::filesystem::exists(host_->shop() / "dashboard/customer-analytics.html"));
}

TEST_F(Examples, Item90AFailingDashboardKeepsSixStepsAndAFailingNotificationSeven) {
  const auto folder = host_->shop() / "dashboard";
  std::filesystem::remove_all(folder);
  write_file(folder, "a file in the folder's place");
  const auto dashboard = run("data_processing/customer_analytics", period());
  std::filesystem::remove(folder);
  EXPECT_EQ(dashboard.at("detail"), "error");
  EXPECT_EQ(complete_steps(dashboard), 6);
  EXPECT_EQ(step_of(dashboard, "update_dashboard").at("attempts"), 3);
  EXPECT_EQ(state_of(dashboard, "send_notifications"), "pending");

  const auto notification = run("data_processing/customer_analytics", period("nobody"));
  EXPECT_EQ(notification.at("detail"), "error");
  EXPECT_EQ(complete_steps(notification), 7);
  EXPECT_EQ(step_of(notification, "send_notifications").at("last_error").at("code"), "mail.malformed");
}

TEST_F(Examples, Item90AFailingExtractBlocksItsTransformsOnly) {
  std::filesystem::rename(host_->data() / "users.json", host_->data() / "users.away");
  const auto task = run("data_processing/customer_analytics", period());
  std::filesystem::rename(host_->data() / "users.away", host_->data() / "users.json");
  EXPECT_EQ(task.at("detail"), "error");
  EXPECT_EQ(step_of(task, "extract_users").at("attempts"), 3) << "item 7: as many as its limit";
  EXPECT_EQ(state_of(task, "extract_users"), "error");
  EXPECT_EQ(state_of(task, "transform_customer_metrics"), "pending");
  EXPECT_EQ(state_of(task, "transform_product_metrics"), "complete");
  EXPECT_EQ(state_of(task, "generate_insights"), "pending") << "item 7: the convergence never runs";
}

TEST_F(Examples, Item91RegistrationSetsUpBillingBesidePreferences) {
  const auto task = run("user_management/user_registration", person("ida", "pro"));
  EXPECT_EQ(task.at("detail"), "complete") << task.dump(1);
  for (const char* branch : {"setup_billing_profile", "initialize_preferences"})
    EXPECT_EQ(step_of(task, branch).at("depends_on"), (Json{"create_user_account"}));
  expect_parents_first(task);
  EXPECT_EQ(step_of(task, "setup_billing_profile").at("results").at("monthly_cents"), 2900);

  const auto again = run("user_management/user_registration", person("ida", "pro"));
  EXPECT_EQ(again.at("detail"), "complete");
  EXPECT_EQ(step_of(again, "create_user_account").at("results").at("user_id"),
            step_of(task, "create_user_account").at("results").at("user_id"));
  const auto free_one = run("user_management/user_registration", person("eva", "free"));
  EXPECT_EQ(step_of(free_one, "setup_billing_profile").at("results").at("billed"), false);
}

TEST_F(Examples, Item91ARateLimitedNotifierIsTriedAgainUntilItTakesMails) {
  const auto outbox = registration_->path() / "outbox";
  for (int i = 0; i < 4; ++i)
    write_file(outbox / ("waiting-" + std::to_string(i) + ".eml"), "To: <bob@mail.example>\n\n");
  const auto id = host_->submit("user_management/user_registration", person("una", "free"));
  ASSERT_TRUE(eventually(
      [&] { return step_of(host_->http().task(id), "send_welcome_sequence").at("attempts") >= 1; }));
  for (const auto& file : std::filesystem::directory_iterator(outbox))
    std::filesystem::remove(file);  // the mail agent has been
  const auto task = host_->http().ended(id);
  EXPECT_EQ(task.at("detail"), "complete") << task.dump(1);
  EXPECT_EQ(step_of(task, "send_welcome_sequence").at("attempt_history")[0].at("code"),
            "notifier.rate_limited");
}

TEST_F(Examples, OneNameIsAnotherWorkflowInEachNamespace) {
  const auto steps = [](const std::string& handler) {
    return host_->http().get("/tasker/handlers/" + handler).json().at("dependency_graph").at("nodes");
  };
  EXPECT_EQ(steps("payments/process_order?version=2.1.0"),
            (Json{"validate_order", "process_payment", "send_confirmation"}));
  EXPECT_EQ(steps("inventory/process_order?version=1.5.0"),
            (Json{"validate_order", "reserve_stock", "create_pick_list"}));
  // The line of the predecessor's README.
  const auto paid = host_->http().ended(host_->http().submit({{"name", "process_order"},
                                                              {"namespace", "payments"},
                                                              {"version", "2.1.0"},
                                                              {"context", {{"order_id", 123}}}}));
  EXPECT_EQ(paid.at("detail"), "complete") << paid.dump(1);
  EXPECT_EQ(run("inventory/process_order", {{"order_id", 123}}).at("detail"), "complete");
  const auto listed = host_->http().get("/tasker/tasks?namespace=payments&version=2.1.0").json().at("tasks");
  ASSERT_EQ(listed.size(), 1U) << listed.dump(1);
  EXPECT_EQ(listed[0].at("task_id"), paid.at("task_id"));
}

TEST_F(Examples, Item42TheStarterApplicationsHeedTheEnvironment) {
  const auto order = run("ecommerce/order_processing", {{"cart_id", 1}});
  EXPECT_EQ(order.at("detail"), "complete") << order.dump(1);
  expect_parents_first(order);
  const auto cheap = run("ecommerce/order_processing", {{"cart_id", 6}});
  EXPECT_EQ(step_of(cheap, "calculate_pricing").at("results").at("shipping_cents"), 0)
      << "of the environment `test`";

  const auto stock = run("inventory/stock_management", {{"threshold", 7}});
  EXPECT_EQ(step_of(stock, "identify_low_stock").at("results").at("low")[0].at("reorder"), 14)
      << "twice the threshold in `test`";

  EXPECT_EQ(
      run("customer/user_onboarding", {{"email", "ola@mail.example"}, {"username", "ola"}}).at("detail"),
      "complete");
  const auto blocked =
      run("customer/user_onboarding", {{"email", "ola@throwaway.example"}, {"username", "ola2"}});
  EXPECT_EQ(step_of(blocked, "validate_registration_data").at("last_error").at("code"),
            "user.blocked_domain");
}

TEST_F(Examples, Item38AContextThatTheSchemaRefusesMakesNoTask) {
  for (const char* workflow :
       {"ecommerce/order_processing", "inventory/stock_management", "customer/user_onboarding"}) {
    const std::string name(workflow);
    const auto slash = name.find('/');
    const auto answer = host_->http().post("/tasker/tasks", Json{{"namespace", name.substr(0, slash)},
                                                                 {"name", name.substr(slash + 1)},
                                                                 {"context", Json::object()}});
    EXPECT_EQ(answer.code(), "context.invalid") << name << " " << answer.text;
  }
}

}  // namespace
}  // namespace tasker::test
