// Plugins that are copied into the folder of a running host: live at once, versions side by side, bad files refused.
#include "support/temp_db.h"
#include "system/support/workplace.h"

namespace tasker::test {
namespace {

class Plugins : public testing::Test {
 protected:
  void start(const Tuning& tuning = {}) {
    host = place.serve(database.conninfo(), tuning);
    ASSERT_TRUE(host->wait_until_ready());
  }
  const HttpClient& http() const { return host->http(); }

  bool loads(const std::string& name, const std::string& version = "1.0.0") {
    return eventually([&] { return http().has_loaded(name, version); });
  }
  Json listed(const std::string& name) {
    for (const auto& plugin : http().get("/tasker/plugins").json().value("plugins", Json::array()))
      if (plugin.value("name", "") == name) return plugin;
    return Json::object();
  }
  // Its state once it is a final one.
  Json refused(const std::string& name) {
    Json plugin;
    EXPECT_TRUE(eventually([&] { return (plugin = listed(name)).value("state", "") == "refused"; }))
        << name << ": " << http().get("/tasker/plugins").text;
    return plugin;
  }

  TempDb database;
  Workplace place;
  std::unique_ptr<TaskerProcess> host;
};

Json step_of(const Json& task, std::size_t index = 0) { return task.at("workflow_steps").at(index); }

TEST_F(Plugins, RunATaskOfAFileThatWasJustCopiedIn) {
  start();
  EXPECT_EQ(http().post("/tasker/tasks", Json{{"name", "echo"}, {"namespace", "test"}}).code(), "handler.unknown");
  place.drop("test/echo-1.0.0.so");
  ASSERT_TRUE(loads("echo"));
  EXPECT_EQ(listed("echo").value("state", ""), "active");

  const auto task = http().ended(http().submit({{"name", "echo"}, {"namespace", "test"}, {"context", {{"a", 1}}}}));
  EXPECT_EQ(task.value("detail", ""), "complete");
  EXPECT_EQ(step_of(task).at("results"), (Json{{"a", 1}}));
  EXPECT_EQ(step_of(task).at("attempts"), 1);
  const auto history = step_of(task).at("attempt_history");
  ASSERT_EQ(history.size(), 1u);
  EXPECT_EQ(history[0].at("outcome"), "ok");
  EXPECT_EQ(history[0].at("plugin_version"), "1.0.0");
}

TEST_F(Plugins, KeepTasksOnTheVersionTheyWereCreatedWith) {
  start({.workers = 1});
  place.drop("test/blocker-1.0.0.so");
  place.drop("test/counter-1.0.0.so");
  ASSERT_TRUE(loads("blocker") && loads("counter"));
  const auto gate = place.path("gate"), inside = place.path("inside");
  const auto blocker = http().submit({{"name", "blocker"},
                                      {"namespace", "test"},
                                      {"context", {{"until", gate.string()}, {"started", inside.string()}}}});
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(inside); }));

  const Json counter{{"name", "counter"}, {"namespace", "test"}};
  const auto before = http().submit(counter);  // cannot start: the only thread is taken
  place.drop("test/counter-1.1.0.so");
  ASSERT_TRUE(loads("counter", "1.1.0"));
  const auto after = http().submit(counter);
  EXPECT_EQ(http().task(before).value("complete", true), false);
  write_file(gate, "");

  EXPECT_EQ(http().ended(blocker).value("detail", ""), "complete");
  EXPECT_EQ(step_of(http().ended(before)).at("results"), (Json{{"version", "1.0.0"}, {"count", 1}}));
  EXPECT_EQ(step_of(http().ended(after)).at("results"), (Json{{"version", "1.1.0"}, {"count", 1}}));
  EXPECT_EQ(http().task(before).value("version", ""), "1.0.0");
}

TEST_F(Plugins, RefuseABadFileWithItsCodeAndGoOn) {
  start();
  place.drop("test/wrong_abi-1.0.0.so");
  place.drop("test/missing_handler-1.0.0.so");
  place.drop("test/extra_symbol-1.0.0.so");
  place.drop("test/init_fails-1.0.0.so");
  place.drop("test/echo-1.0.0.so", "test/renamed-1.0.0.so");
  write_file(place.plugins() / "test/truncated-1.0.0.so", read_file(built_plugin("test/echo-1.0.0.so")).substr(0, 3000));
  write_file(place.plugins() / "test/words-1.0.0.so", "this is no plugin\n");

  EXPECT_EQ(refused("wrong_abi").value("code", ""), "plugin.abi_unsupported");
  EXPECT_EQ(refused("missing_handler").value("code", ""), "plugin.handler_missing");
  EXPECT_EQ(refused("extra_symbol").value("code", ""), "plugin.extra_symbol");
  EXPECT_EQ(refused("init_fails").value("code", ""), "plugin.init_failed");
  EXPECT_EQ(refused("renamed").value("code", ""), "plugin.path_mismatch");
  EXPECT_EQ(refused("truncated").value("code", ""), "plugin.truncated");
  EXPECT_EQ(refused("words").value("code", ""), "plugin.not_elf");
  EXPECT_FALSE(refused("wrong_abi").value("reason", "").empty());

  place.drop("test/echo-1.0.0.so");
  ASSERT_TRUE(loads("echo"));
  EXPECT_EQ(http().ended(http().submit({{"name", "echo"}, {"namespace", "test"}})).value("detail", ""), "complete");
}

TEST_F(Plugins, ListWhatIsIgnoredUntilItIsMended) {
  start();
  const auto row = [&](const std::string& file) {
    for (const auto& plugin : http().get("/tasker/plugins").json().value("plugins", Json::array()))
      if (plugin.value("file", "").ends_with(file)) return plugin;
    return Json::object();
  };
  place.drop("test/echo-1.0.0.so", "test/echo.so");
  place.drop("test/echo-1.0.0.so", "loose-1.0.0.so");
  ASSERT_TRUE(eventually([&] { return !row("test/echo.so").empty() && !row("loose-1.0.0.so").empty(); }));
  EXPECT_EQ(row("test/echo.so").value("state", ""), "ignored");
  EXPECT_EQ(row("test/echo.so").value("code", ""), "plugin.path_mismatch");
  EXPECT_NE(row("test/echo.so").value("reason", "").find("no version"), std::string::npos);
  const auto listed = run_tasker({"plugin", "list", "--server", "http://127.0.0.1:" + std::to_string(http().port())});
  EXPECT_NE(listed.out.find("loose-1.0.0.so\t\tignored"), std::string::npos) << listed.out << listed.err;

  std::filesystem::rename(place.plugins() / "test/echo.so", place.plugins() / "test/echo-1.0.0.so");
  std::filesystem::remove(place.plugins() / "loose-1.0.0.so");
  ASSERT_TRUE(loads("echo"));
  EXPECT_TRUE(eventually([&] { return row("test/echo.so").empty() && row("loose-1.0.0.so").empty(); }));
}

// The file is overwritten while the host is down: the task goes on with the bytes it was created with.
TEST_F(Plugins, FinishATaskOnBytesThatAreOverwritten) {
  start();
  place.drop("test/blocker-1.0.0.so");
  ASSERT_TRUE(loads("blocker"));
  const auto gate = place.path("gate"), inside = place.path("inside");
  const auto task = http().submit({{"name", "blocker"}, {"namespace", "test"},
                                   {"context", {{"until", gate.string()}, {"started", inside.string()}}}});
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(inside); }));
  host->kill_hard();
  const auto file = place.plugins() / "test/blocker-1.0.0.so";
  write_file(file, read_file(file) + "other bytes");
  write_file(gate, "");
  start();
  const auto ended = http().ended(task);
  EXPECT_EQ(ended.value("detail", ""), "complete");
  // The old bytes leave when nothing needs them any more; the new ones stay refused.
  std::vector<std::string> states;
  const auto look = [&] {
    states.clear();
    for (const auto& plugin : http().get("/tasker/plugins").json().value("plugins", Json::array()))
      if (plugin.value("name", "") == "blocker") states.push_back(plugin.at("state").get<std::string>() + " " + (plugin.at("code").is_string() ? plugin.at("code").get<std::string>() : ""));
    std::sort(states.begin(), states.end());
    return states == std::vector<std::string>{"refused plugin.version_immutable", "unloaded "};
  };
  EXPECT_TRUE(eventually(look)) << testing::PrintToString(states);
}

TEST_F(Plugins, SayWhyAStepWaitsForAVersionThatIsGone) {
  start();
  place.drop("test/echo-1.0.0.so");
  ASSERT_TRUE(loads("echo"));
  const auto task = http().submit({{"name", "echo"}, {"namespace", "test"}, {"start_at", "2098-01-01T00:00:00Z"}});
  host->signal(SIGTERM);
  ASSERT_EQ(host->wait_for_exit(), 0);
  std::filesystem::remove(place.plugins() / "test/echo-1.0.0.so");
  std::filesystem::remove_all(place.path("host-state"));
  start();
  EXPECT_TRUE(eventually([&] {
    return listed("echo").value("reason", "").find("keeps no copy") != std::string::npos;
  })) << listed("echo").dump();
  EXPECT_EQ(listed("echo").value("state", ""), "unavailable");
  EXPECT_EQ(listed("echo").value("open_tasks", 0), 1);
  const auto waits = step_of(http().task(task)).at("waiting_for");
  EXPECT_EQ(waits.at("code"), "plugin.not_loaded");
  const auto shown = run_tasker({"task", "get", std::to_string(task), "--server", "http://127.0.0.1:" + std::to_string(http().port())});
  EXPECT_NE(shown.out.find("plugin.not_loaded: plugin test/echo 1.0.0: no living host has loaded it"), std::string::npos)
      << shown.out << shown.err;

  place.drop("test/echo-1.0.0.so");
  ASSERT_TRUE(loads("echo"));
  EXPECT_EQ(listed("echo").value("state", ""), "active");
  EXPECT_TRUE(step_of(http().task(task)).at("waiting_for").is_null());
}

}  // namespace
}  // namespace tasker::test
