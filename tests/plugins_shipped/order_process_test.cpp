// order_process as built: both versions, over the 200 orders that are shipped.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <cstdlib>
#include <thread>

#include "shop/order.h"
#include "plugin_file.h"
#include "support/files.h"

namespace tasker::test {
namespace {

using nlohmann::json;

std::filesystem::path data(const char* name) {
  return source_path("plugins/default/order_process/data") / name;
}

class OrderProcessTest : public testing::Test {
 protected:
  json config() const {
    return {{"orders_file", data("orders.json").string()},
            {"ledger_file", (folder_.path() / "ledger.jsonl").string()},
            {"outbox_dir", (folder_.path() / "outbox").string()}};
  }

  std::vector<json> ledger() const {
    std::vector<json> lines;
    std::istringstream stream(read_file(folder_.path() / "ledger.jsonl"));
    for (std::string line; std::getline(stream, line);) lines.push_back(json::parse(line));
    return lines;
  }

  // What the engine does with one task: steps in order, retries up to three attempts. `failed_step` and
  // `code` are absent when the task completes.
  static json run_task(const PluginFile& plugin, const std::string& task_id, const json& context) {
    json outcome = {{"status", "complete"}, {"payment_attempts", 0}};
    json inputs = json::object();
    for (const char* step : {"validate_order", "process_payment", "send_confirmation"}) {
      Answer answer;
      for (std::uint32_t attempt = 1; attempt <= 3; ++attempt) {
        answer = plugin.run({step, task_id, "", attempt, context, inputs});
        if (std::string_view(step) == "process_payment") outcome["payment_attempts"] = attempt;
        if (answer.kind != TASKER_RETRY) break;
      }
      if (answer.kind != TASKER_OK)
        return {{"status", "error"}, {"failed_step", step}, {"code", answer.code}};
      outcome["results"][step] = answer.payload;
      inputs = {{step, answer.payload}};
    }
    return outcome;
  }

  TempDir folder_;
};

TEST_F(OrderProcessTest, EveryShippedOrderEndsAsExpectedAndARepeatAddsNoEffect) {
  const PluginFile old_version("default/order_process-1.0.0", config());
  const PluginFile new_version("default/order_process-1.1.0", config());
  const json orders = json::parse(read_file(data("orders.json")));
  const json expected = json::parse(read_file(data("expected.json")));
  std::map<std::int64_t, json> exceptions;
  for (const auto& exception : expected["exceptions"]) exceptions[exception["order_id"]] = exception;

  const auto run_all = [&] {
    std::atomic<std::size_t> next = 0;
    const auto work = [&] {
      for (std::size_t i = next++; i < orders.size(); i = next++) {
        const auto order_id = orders[i]["order_id"].get<std::int64_t>();
        json want = exceptions.contains(order_id) ? exceptions[order_id] : expected["otherwise"];
        want.erase("order_id");
        json got =
            run_task(i % 2 == 0 ? old_version : new_version, std::to_string(i + 1), {{"order_id", order_id}});
        got.erase("results");
        EXPECT_EQ(got, want) << "order " << order_id;
      }
    };
    std::thread other(work);
    work();
    other.join();
  };
  run_all();
  const auto lines = ledger();
  EXPECT_EQ(lines.size(), expected["ledger_lines"]);

  // As after a kill -9 between effect and commit. Payments are found before the gateway is asked, so none is
  // retried.
  for (auto& [id, exception] : exceptions)
    if (exception["status"] == "complete") exception["payment_attempts"] = 1;
  run_all();
  EXPECT_EQ(ledger(), lines);
}

TEST_F(OrderProcessTest, AnOrderIsChargedForOneTaskOnly) {
  const PluginFile plugin("default/order_process-1.0.0", config());
  const json context = {{"order_id", 12345}};
  const Answer early = plugin.run({"validate_order", "2", "", 1, context, json::object()});
  EXPECT_EQ(run_task(plugin, "1", context)["status"], "complete");

  const Answer late = plugin.run({"validate_order", "3", "", 1, context, json::object()});
  EXPECT_EQ(late.kind, TASKER_FAIL);
  EXPECT_EQ(late.code, "order.already_processed");
  // Task 2 was validated before task 1 paid.
  const Answer pay =
      plugin.run({"process_payment", "2", "", 1, context, {{"validate_order", early.payload}}});
  EXPECT_EQ(pay.code, "order.already_processed");
  // An operator's re-run comes with a new key, and finds the payment of its own task.
  const Answer again =
      plugin.run({"process_payment", "1", "1/again", 1, context, {{"validate_order", early.payload}}});
  EXPECT_EQ(again.kind, TASKER_OK);
  EXPECT_EQ(again.payload["replayed"], true);
}

TEST_F(OrderProcessTest, ALedgerOfAnotherDatabaseIsNotMistakenForOurs) {
  const PluginFile plugin("default/order_process-1.0.0", config());
  EXPECT_EQ(run_task(plugin, "1", {{"order_id", 12345}})["status"], "complete");
  EXPECT_EQ(run_task(plugin, "1", {{"order_id", 1001}})["code"], "ledger.of_another_database");
}

TEST_F(OrderProcessTest, AnInlineOrderNeedsNoFileEntry) {
  const PluginFile plugin("default/order_process-1.0.0", config());
  json order = json::parse(read_file(data("orders.json")))[0];
  order["order_id"] = 777;
  EXPECT_EQ(run_task(plugin, "1", {{"order", order}})["status"], "complete");
  EXPECT_EQ(run_task(plugin, "2", {{"order_id", 777}})["code"], "order.not_found");
  order.erase("items");
  EXPECT_EQ(run_task(plugin, "3", {{"order", order}})["code"], "order.malformed");
}

TEST_F(OrderProcessTest, TheNewVersionHonoursDiscountsAndItemisesTax) {
  const PluginFile old_version("default/order_process-1.0.0", config());
  const PluginFile new_version("default/order_process-1.1.0", config());
  json order = json::parse(read_file(data("orders.json")))[0];
  order["discount_code"] = "SPRING10";
  order["order_id"] = 771;
  const json before = run_task(old_version, "1", {{"order", order}})["results"];
  order["order_id"] = 772;
  const json after = run_task(new_version, "2", {{"order", order}})["results"];
  EXPECT_EQ(before["process_payment"]["handled_by"], "order_process 1.0.0");
  EXPECT_EQ(after["process_payment"]["handled_by"], "order_process 1.1.0");
  EXPECT_LT(after["process_payment"]["amount_cents"], before["process_payment"]["amount_cents"]);

  const std::string plain = read_file(before["send_confirmation"]["confirmation"].get<std::string>());
  const std::string rich = read_file(after["send_confirmation"]["confirmation"].get<std::string>());
  EXPECT_THAT(plain, testing::AllOf(testing::HasSubstr("Subject: Your order 771 is confirmed"),
                                    testing::HasSubstr("Total")));
  EXPECT_THAT(rich, testing::AllOf(testing::HasSubstr("Discount SPRING10"), testing::HasSubstr("IVA 21 %"),
                                   testing::HasSubstr("<table>")));
}

TEST_F(OrderProcessTest, AConfigurationThatCannotWorkIsRefusedWithItsReason) {
  const auto refusal = [](const json& wrong) {
    return PluginFile::refusal("default/order_process-1.0.0", wrong);
  };
  EXPECT_THAT(refusal(json::object()).message, testing::HasSubstr("orders_file"));
  auto wrong = config();
  wrong["orders_file"] = (folder_.path() / "none.json").string();
  EXPECT_EQ(refusal(wrong).code, "config.invalid");
  EXPECT_THAT(refusal(wrong).message, testing::HasSubstr("none.json cannot be opened"));
  write_file(folder_.path() / "none.json", "[{\"order_id\": \"one\"}]");
  EXPECT_THAT(refusal(wrong).message, testing::HasSubstr("without an integer order_id"));
  wrong = config();
  wrong["gateway_latency_ms"] = -1;
  EXPECT_THAT(refusal(wrong).message, testing::HasSubstr("gateway_latency_ms"));
}

TEST_F(OrderProcessTest, TheSampleIsWhatItsGeneratorWrites) {
  const std::string generate =
      std::string(PYTHON) + " " + data("make_orders.py").string() + " " + folder_.path().string();
  ASSERT_EQ(std::system(generate.c_str()), 0);
  for (const char* name : {"orders.json", "expected.json"})
    EXPECT_EQ(read_file(folder_.path() / name), read_file(data(name)));

  ASSERT_EQ(std::system((generate + " --count 500 --all-valid").c_str()), 0);
  const json orders = json::parse(read_file(folder_.path() / "orders.json"));
  EXPECT_EQ(orders.size(), 500U);
  for (const auto& order : orders)
    EXPECT_NO_THROW(shop::check_order(shop::read_order(order)));
}

}  // namespace
}  // namespace tasker::test
