// customer_success/process_refund as built, with a server in the place of the host's REST API. In a real
// host: tests/system.
#include <gtest/gtest.h>

#include "example_plugins/example.h"
#include "support/local_server.h"

namespace tasker::test {
namespace {

using nlohmann::json;

class Item92CrossNamespaceRefund : public testing::Test {
 protected:
  static json request(std::int64_t ticket, std::int64_t cents) {
    return {{"ticket_id", ticket}, {"refund_amount_cents", cents}, {"refund_reason", "arrived broken"}};
  }
  // Up to the call of payments, at a path of the server.
  Answer execute(const std::string& path) {
    Example desk("customer_success/process_refund-1.3.0", {{"tasker_url", server_.url(path)}});
    auto task = desk.task(request(501, 4000));
    task.correlation_id = "case-501";
    for (const char* step : {"validate_refund_request", "check_refund_policy", "get_manager_approval"})
      task.result(step);
    return task.run("execute_refund_workflow", {{"payments_version", "^2"}, {"timeout_seconds", 5}});
  }
  LocalServer server_;
};

TEST_F(Item92CrossNamespaceRefund, CarriesTheCorrelationIdAndAKeyAndMapsTheFields) {
  execute("/status/201");
  const json seen = server_.next_request();
  EXPECT_EQ(seen["path"], "/status/201/tasks");
  EXPECT_EQ(seen["headers"]["x-correlation-id"], "case-501");
  EXPECT_EQ(seen["headers"]["idempotency-key"].get<std::string>().size(), 16U);
  const json task = json::parse(seen["body"].get<std::string>());
  EXPECT_EQ(task["namespace"], "payments");
  EXPECT_EQ(task["name"], "process_refund");
  EXPECT_EQ(task["version"], "^2");
  EXPECT_EQ(
      task["context"],
      json({{"payment_id", "pay_1001"}, {"refund_amount_cents", 4000}, {"refund_reason", "arrived broken"}}));
}

TEST_F(Item92CrossNamespaceRefund, FinalAndRetryableAnswersAreToldApart) {
  for (const char* status : {"400", "403", "404"}) {
    const Answer answer = execute(std::string("/status/") + status);
    EXPECT_EQ(answer.kind, TASKER_FAIL) << status;
    EXPECT_EQ(answer.code, std::string("HTTP_") + status);
  }
  for (const char* status : {"429", "500"}) {
    const Answer answer = execute(std::string("/status/") + status);
    EXPECT_EQ(answer.kind, TASKER_RETRY) << status;
    EXPECT_EQ(answer.code, std::string("HTTP_") + status);
  }
  EXPECT_EQ(execute("/drop").kind, TASKER_RETRY);
}

TEST_F(Item92CrossNamespaceRefund, AReplyWithoutATaskIdIsAnError) {
  EXPECT_EQ(execute("/status/201").code, "refund.no_task_id");
}

TEST_F(Item92CrossNamespaceRefund, ATicketIsOpenAgainOnlyWhenNoPaymentsTaskCanBeThere) {
  const auto next = [&](const char* status, std::uint32_t attempt) {
    Example desk("customer_success/process_refund-1.3.0", {{"tasker_url", server_.url(status)}});
    auto first = desk.task(request(501, 4000)), second = desk.task(request(501, 4000));
    for (auto* task : {&first, &second})
      for (const char* step : {"validate_refund_request", "check_refund_policy"}) task->result(step);
    first.result("get_manager_approval");
    first.run("execute_refund_workflow", json::object(), attempt);
    const std::string code = second.code("get_manager_approval");
    if (code.empty()) {
      EXPECT_EQ(first.run("execute_refund_workflow", json::object(), 2).code, "refund.given_up");
    }
    return code;
  };
  EXPECT_EQ(next("/status/404", 1), "");
  EXPECT_EQ(next("/status/404", 2), "ticket.not_open") << "the first attempt may have created it";
  EXPECT_EQ(next("/status/500", 1), "ticket.not_open");
  EXPECT_EQ(next("/status/201", 1), "ticket.not_open") << "created, and not named";
}

TEST_F(Item92CrossNamespaceRefund, WhatIsMissingIsFinal) {
  Example desk("customer_success/process_refund-1.3.0");
  EXPECT_EQ(desk.task(request(1, 100)).code("validate_refund_request"), "ticket.not_found");
  EXPECT_EQ(desk.task(request(505, 100)).code("validate_refund_request"), "ticket.not_open");
  EXPECT_EQ(desk.task(request(504, 100)).run("validate_refund_request").code, "refund.payment_id_missing");

  const auto approval = [&](json context) {
    auto task = desk.task(context);
    task.result("validate_refund_request");
    task.result("check_refund_policy");
    return task.run("get_manager_approval");
  };
  json large = request(501, 9000);
  EXPECT_EQ(approval(large).code, "refund.approval_missing");
  EXPECT_EQ(approval(large).kind, TASKER_FAIL);
  large["approval"] = {{"manager", "Mo"}, {"approved", false}};
  EXPECT_EQ(approval(large).code, "refund.not_approved");
  large["approval"]["approved"] = true;
  EXPECT_EQ(approval(large).payload["approved_by"], "Mo");
  EXPECT_EQ(approval(large).code, "ticket.not_open") << "another task has this ticket in hand";
}

TEST_F(Item92CrossNamespaceRefund, AConfigurationThatCannotBeUsedIsRefusedInWords) {
  TempDir folder;
  const std::string shop = (folder.path() / "shop").string(), file = (folder.path() / "file").string();
  write_file(file, "");
  for (const json& config :
       {json{{"shop_dir", shop}, {"ledger_sync", "yes"}}, json{{"shop_dir", shop}, {"data_dir", 5}},
        json{{"shop_dir", shop}, {"api_base_url", json::array()}},
        json{{"shop_dir", shop}, {"tasker_url", 5}}, json{{"shop_dir", file}},
        json{{"shop_dir", "a/relative/one"}}, json{{"shop_dir", 7}}, json::object()}) {
    const Answer answer = PluginFile::refusal("customer_success/process_refund-1.3.0", config);
    EXPECT_EQ(answer.code, "config.invalid") << config << ": " << answer.message;
  }
}

TEST_F(Item92CrossNamespaceRefund, ThePolicyIsOfTheCustomersTier) {
  Example desk("customer_success/process_refund-1.3.0");
  auto late = desk.task(request(502, 100));  // 58 days; standard has 30
  late.result("validate_refund_request");
  EXPECT_EQ(late.code("check_refund_policy"), "refund.too_late");
  auto premium = desk.task(request(503, 40000));
  premium.result("validate_refund_request");
  EXPECT_EQ(premium.result("check_refund_policy"),
            json({{"days_since_payment", 28}, {"needs_manager", false}}));
}

}  // namespace
}  // namespace tasker::test
