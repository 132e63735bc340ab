// Workflows without code in a real host: a YAML over stock handlers is live when it is copied, wherever those run.
#include "support/files.h"
#include "support/temp_db.h"
#include "system/support/workplace.h"

namespace tasker::test {
namespace {

constexpr const char* kQuote = R"(name: quote
namespace_name: shop
version: 1.0.0
step_templates:
  - name: order
    handler_class: std/json@^1#reshape
    handler_config:
      result:
        id: {$from: /context/id}
        total: {$from: /context/total}
  - name: pause
    depends_on_step: order
    handler_class: std/sleep@^1#sleep
    handler_config: {seconds: 0.2}
  - name: offer
    depends_on_steps: [order, pause]
    handler_class: std/json@^1#reshape
    handler_config:
      result:
        text: "order {/inputs/order/id}: {/inputs/order/total} EUR, by {/task/namespace}/{/task/name}, step {/step/name}"
)";

class WorkflowFiles : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    for (const char* plugin : {"std/json-1.0.0.so", "std/sleep-1.0.0.so"}) place.drop(plugin);
    host = std::make_unique<TaskerProcess>(std::vector<std::string>{"serve", "--config", place.configuration(database.conninfo(), {}, "host")},
                                           place.path("host.out"),
                                           std::vector<std::string>{std::string("TASKER_PLUGINS__ISOLATION=") + GetParam()});
    host->also_show(place.path("host.log"));
    ASSERT_TRUE(host->wait_until_ready());
  }
  void write(const std::string& file, const std::string& text) {
    std::filesystem::create_directories(place.plugins() / "shop");
    write_file(place.path("unfinished"), text);
    std::filesystem::rename(place.path("unfinished"), place.plugins() / "shop" / file);
  }
  Json quote_row() const {  // empty: not there yet
    for (const auto& row : host->http().get("/tasker/plugins").json().value("plugins", Json::array()))
      if (row.value("name", "") == "quote") return row;
    return Json::object();
  }

  TempDb database;
  Workplace place;
  std::unique_ptr<TaskerProcess> host;
};

TEST_P(WorkflowFiles, AreLiveWhenTheyAreCopied) {
  write("quote-1.0.0.yaml", kQuote);
  ASSERT_TRUE(eventually([&] { return quote_row().value("state", "") == "active"; })) << quote_row().dump();
  const auto task = host->http().ended(host->http().submit(
      {{"namespace", "shop"}, {"name", "quote"}, {"version", "1.0.0"}, {"context", {{"id", "A-7"}, {"total", 12.5}}}}));
  ASSERT_EQ(task.value("detail", ""), "complete") << task.dump(1);
  EXPECT_TRUE(task.value("version", "").starts_with("1.0.0+bound.")) << task.dump(1);
  for (const auto& step : task.at("workflow_steps"))
    if (step.at("name") == "offer") {
      EXPECT_EQ(step.at("results").at("text"), "order A-7: 12.5 EUR, by shop/quote, step offer");
    }
}

// One with the name of the plugin that it uses, and more steps than that has: each runs what it names.
TEST_P(WorkflowFiles, MayHaveTheNameOfTheirPlugin) {
  std::filesystem::create_directories(place.plugins() / "std");
  write_file(place.plugins() / "std/json-2.0.0.yaml",
             "name: json\nnamespace_name: std\nversion: 2.0.0\nstep_templates:\n"
             "  - name: one\n    handler_class: std/json@^1#reshape\n    handler_config: {result: \"one of {/task/version}\"}\n"
             "  - name: two\n    depends_on_step: one\n    handler_class: std/json@^1#reshape\n    handler_config: {result: \"two after {/inputs/one}\"}\n");
  const auto version = [&] {
    for (const auto& row : host->http().get("/tasker/plugins").json().value("plugins", Json::array()))
      if (row.value("state", "") == "active" && row.value("version", "").starts_with("2.0.0+bound.")) return row.value("version", "");
    return std::string();
  };
  ASSERT_TRUE(eventually([&] { return !version().empty(); }));
  const auto task = host->http().ended(host->http().submit({{"namespace", "std"}, {"name", "json"}, {"version", "2.0.0"}, {"context", Json::object()}}));
  ASSERT_EQ(task.value("detail", ""), "complete") << task.dump(1);
  for (const auto& step : task.at("workflow_steps"))
    if (step.at("name") == "two") {
      EXPECT_EQ(step.at("results"), "two after one of " + version());
    }
}

TEST_P(WorkflowFiles, SayWhichPluginTheyWaitFor) {
  std::string text = kQuote;
  write("quote-1.0.0.yaml", text.replace(text.find("std/sleep@^1"), 12, "std/sleep@^2"));
  ASSERT_TRUE(eventually([&] { return quote_row().value("state", "") == "refused"; })) << quote_row().dump();
  EXPECT_EQ(quote_row().value("code", ""), "plugin.unbound");
  EXPECT_NE(quote_row().value("reason", "").find("step pause wants std/sleep@^2#sleep"), std::string::npos) << quote_row().dump();
}

INSTANTIATE_TEST_SUITE_P(Where, WorkflowFiles, testing::Values("in_process", "process"));

}  // namespace
}  // namespace tasker::test
