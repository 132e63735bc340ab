// The stock plugins in a real host: in its process, and isolated.
#include "support/local_server.h"
#include "support/temp_db.h"
#include "system/support/workplace.h"

namespace tasker::test {
namespace {

class StockPlugins : public testing::TestWithParam<const char*> {
 protected:
  void SetUp() override {
    const Json configuration = {
        {"std/shell", {{"enabled", true}, {"programs", {"/bin/echo"}}}},
        {"std/sql", {{"sources", {{"main", {{"url", database.conninfo()}, {"queries", {{"double", "select 2 * $1::int as twice"}}}}}}}}}};
    for (const char* name : kNames) place.drop(std::string("std/") + name + "-1.0.0.so");
    host = std::make_unique<TaskerProcess>(std::vector<std::string>{"serve", "--config", place.configuration(database.conninfo(), {}, "host")},
                                           place.path("host.out"),
                                           std::vector<std::string>{std::string("TASKER_PLUGINS__ISOLATION=") + GetParam(),
                                                                    "TASKER_PLUGINS__CONFIGURATION=" + configuration.dump()});
    host->also_show(place.path("host.log"));
    ASSERT_TRUE(host->wait_until_ready());
    for (const char* name : kNames)
      ASSERT_TRUE(eventually([&] { return host->http().has_loaded(name, "1.0.0", "std"); })) << host->http().get("/tasker/plugins").text;
  }
  bool is_isolated() const { return std::string(GetParam()) == "process"; }
  Json run(const char* name, const Json& context) {
    const auto& http = host->http();
    return http.ended(http.submit({{"namespace", "std"}, {"name", name}, {"context", context}}));
  }
  static const Json& step(const Json& task) { return task.at("workflow_steps").at(0); }

  static constexpr const char* kNames[] = {"http", "json", "shell", "sleep", "sql"};

  TempDb database;
  Workplace place;
  std::unique_ptr<TaskerProcess> host;
};

TEST_P(StockPlugins, HttpCallsAnApiAndTriesAgainWhenTheServerSaysSo) {
  LocalServer server;
  const auto task = run("http", {{"method", "POST"}, {"url", server.url("/flaky?key=a&fail=2")}, {"body", {{"amount", 5}}}});
  EXPECT_EQ(task.value("detail", ""), "complete") << task.dump();
  EXPECT_EQ(step(task).at("attempts"), 3);
  EXPECT_EQ(step(task).at("results").at("body").at("paid"), true);
  EXPECT_EQ(step(task).at("attempt_history").at(0).at("code"), "HTTP_503") << task.dump();
  EXPECT_EQ(server.next_request()["body"], "{\"amount\":5}");

  const auto missing = run("http", {{"url", server.url("/status/404")}});
  EXPECT_EQ(missing.value("detail", ""), "error");
  EXPECT_EQ(step(missing).at("attempts"), 1);
  EXPECT_EQ(step(missing).at("last_error").at("code"), "HTTP_404");
}

TEST_P(StockPlugins, SleepComesBackOnTimeAndSpendsNoAttempt) {
  const auto before = std::chrono::steady_clock::now();
  const auto task = run("sleep", {{"seconds", 1.2}});
  EXPECT_GE(std::chrono::steady_clock::now() - before, std::chrono::milliseconds(1'200));
  EXPECT_EQ(task.value("detail", ""), "complete") << task.dump();
  EXPECT_EQ(step(task).at("attempts"), 1);
  EXPECT_TRUE(step(task).at("results").contains("until"));
}

TEST_P(StockPlugins, JsonPicksAndNamesThePointerThatFindsNothing) {
  const auto task = run("json", {{"document", {{"a", {1, 2}}}}, {"pointers", {{"second", "/a/1"}}}});
  EXPECT_EQ(step(task).at("results"), Json({{"second", 2}})) << task.dump();
  const auto wrong = run("json", {{"document", {{"a", 1}}}, {"pointers", {{"second", "/b"}}}});
  EXPECT_EQ(step(wrong).at("last_error").at("code"), "template.not_found") << wrong.dump();
  EXPECT_EQ(step(wrong).at("attempts"), 1);
}

TEST_P(StockPlugins, SqlRunsAConfiguredQuery) {
  const auto task = run("sql", {{"source", "main"}, {"query", "double"}, {"params", {21}}});
  EXPECT_EQ(step(task).at("results").at("rows"), Json({{{"twice", 42}}})) << task.dump();
  const auto wrong = run("sql", {{"source", "main"}, {"query", "double"}, {"params", {"many"}}});
  EXPECT_EQ(step(wrong).at("last_error").at("code"), "SQL_22P02") << wrong.dump();
  EXPECT_EQ(step(wrong).at("attempts"), 1);
}

TEST_P(StockPlugins, ShellRunsAnAllowedProgramInTheHostsProcessAlone) {
  const auto task = run("shell", {{"command", {"/bin/echo", "hello"}}});
  if (is_isolated()) {
    EXPECT_EQ(step(task).at("last_error").at("code"), "shell.cannot_start") << task.dump();
    return;
  }
  EXPECT_EQ(step(task).at("results").at("stdout"), "hello\n") << task.dump();
  const auto other = run("shell", {{"command", {"/bin/cat", "/etc/passwd"}}});
  EXPECT_EQ(step(other).at("last_error").at("code"), "shell.not_allowed");
}

INSTANTIATE_TEST_SUITE_P(Where, StockPlugins, testing::Values("in_process", "process"), [](const auto& where) { return where.param; });

}  // namespace
}  // namespace tasker::test
