// What operators do with versions, over HTTP and the command line: retire, take back, pin; on two hosts, over restarts, under load.
#include "support/temp_db.h"
#include "system/support/workplace.h"

namespace tasker::test {
namespace {

class Operator : public testing::Test {
 protected:
  void start() {
    host = place.serve(database.conninfo(), {.workers = 4});
    ASSERT_TRUE(host->wait_until_ready());
  }
  const HttpClient& http() const { return host->http(); }
  void drop(const std::string& name, const std::string& version = "1.0.0") {
    place.drop("test/" + name + "-" + version + ".so");
    ASSERT_TRUE(eventually([&] { return http().has_loaded(name, version); })) << http().get("/tasker/plugins").text;
  }
  Json shown(const std::string& name, const std::string& version = "1.0.0") {
    return http().get("/tasker/plugins/test/" + name + "/" + version).json();
  }
  bool comes_into(const std::string& state, const std::string& name, const std::string& version = "1.0.0") {
    return eventually([&] { return shown(name, version).value("state", "") == state; });
  }
  // One that says nothing here: the code of its refusal, or the version that it got.
  std::string taken(const HttpClient& by, const Json& more = {}) {
    Json task{{"name", "counter"}, {"namespace", "test"}};
    task.update(more.is_null() ? Json::object() : more);
    const auto answer = by.post("/tasker/tasks", task);
    return answer.status == 201 ? by.ended(answer.json().at("task_id").get<std::int64_t>()).at("version").get<std::string>() : answer.code();
  }
  Finished tasker(std::vector<std::string> words) {
    words.insert(words.end(), {"--server", "http://127.0.0.1:" + std::to_string(http().port())});
    return run_tasker(words);
  }
  static Json blocked(const std::filesystem::path& gate) {
    return {{"name", "blocker"}, {"namespace", "test"}, {"context", {{"until", gate.string()}, {"started", gate.string() + ".inside"}}}};
  }

  TempDb database;
  Workplace place;
  std::unique_ptr<TaskerProcess> host;
};

TEST_F(Operator, RetiresAVersionUnderLoadAndNothingIsLost) {
  start();
  drop("counter", "1.0.0");
  const Json task{{"name", "counter"}, {"namespace", "test"}};
  auto ids = http().submit_many(task, 300);
  drop("counter", "1.1.0");
  const auto pinned = http().submit_many({{"name", "counter"}, {"namespace", "test"}, {"version", "1.0.0"}}, 200);
  const auto retired = http().post("/tasker/plugins/test/counter/1.0.0/retire", "");
  ASSERT_EQ(retired.status, 200) << retired.text;
  EXPECT_FALSE(retired.json().at("retired_at").is_null());
  const auto more = http().submit_many(task, 300);
  ids.insert(ids.end(), pinned.begin(), pinned.end());
  ids.insert(ids.end(), more.begin(), more.end());
  for (const auto id : ids) {
    const auto ended = http().ended(id);
    EXPECT_EQ(ended.value("detail", ""), "complete");
    EXPECT_EQ(ended.at("workflow_steps").at(0).at("attempts"), 1);
  }
  ASSERT_TRUE(comes_into("unloaded", "counter")) << shown("counter").dump();
  EXPECT_TRUE(std::filesystem::exists(place.plugins() / "test/counter-1.0.0.so"));
  EXPECT_EQ(taken(http(), {{"version", "1.0.0"}}), "handler.version_unknown");
  EXPECT_EQ(taken(http()), "1.1.0");
}

TEST_F(Operator, WaitsOnTheCommandLineUntilAVersionIsDrained) {
  start();
  drop("blocker");
  const auto gate = place.path("gate");
  const auto task = http().submit(blocked(gate));
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(gate.string() + ".inside"); }));
  const auto in_vain = tasker({"plugin", "retire", "test/blocker@1.0.0", "--when-drained", "--timeout", "100ms"});
  EXPECT_EQ(in_vain.exit_code, 7) << in_vain.out << in_vain.err;
  ASSERT_TRUE(comes_into("draining", "blocker"));
  const auto begun = tasker({"plugin", "retire", "test/blocker@1.0.0"});
  EXPECT_EQ(begun.exit_code, 0) << begun.err;
  EXPECT_EQ(begun.out, "test/blocker 1.0.0 is draining on 1 host: 1 open task has it, the oldest is task " + std::to_string(task) + "\n");
  EXPECT_EQ(http().post("/tasker/tasks", blocked(gate)).code(), "handler.version_unknown");
  write_file(gate, "");
  const auto gone = tasker({"plugin", "retire", "test/blocker@1.0.0", "--when-drained"});
  EXPECT_EQ(gone.exit_code, 0) << gone.err;
  EXPECT_EQ(gone.out, "test/blocker 1.0.0 is unloaded\n");
  EXPECT_EQ(http().ended(task).value("detail", ""), "complete");
  const auto told = tasker({"plugin", "show", "test/blocker@1.0.0"});
  EXPECT_NE(told.out.find("state\tunloaded, retired\n"), std::string::npos) << told.out << told.err;
  EXPECT_NE(told.out.find("retired"), std::string::npos);
  const auto back = tasker({"plugin", "resume", "test/blocker@1.0.0"});
  EXPECT_EQ(back.exit_code, 0) << back.err;
  ASSERT_TRUE(comes_into("active", "blocker"));
  EXPECT_EQ(tasker({"plugin", "retire", "test/blocker@2.0.0"}).exit_code, 3);
  EXPECT_EQ(tasker({"plugin", "retire", "test/blocker"}).exit_code, 2);
}

TEST_F(Operator, ADecisionOutlivesARestart) {
  start();
  drop("counter", "1.0.0");
  drop("counter", "1.1.0");
  drop("echo");
  ASSERT_EQ(http().post("/tasker/plugins/test/echo/1.0.0/retire", "").status, 200);
  ASSERT_EQ(tasker({"plugin", "default", "test/counter", "1.0.0"}).exit_code, 0);
  ASSERT_TRUE(eventually([&] { return taken(http()) == "1.0.0"; }));
  ASSERT_TRUE(comes_into("unloaded", "echo"));
  host->kill_hard();
  start();
  ASSERT_TRUE(eventually([&] { return http().has_loaded("counter", "1.0.0") && http().has_loaded("counter", "1.1.0"); }));
  EXPECT_EQ(taken(http()), "1.0.0");
  EXPECT_EQ(http().post("/tasker/tasks", Json{{"name", "echo"}, {"namespace", "test"}}).code(), "handler.version_unknown");
  EXPECT_EQ(shown("echo").value("state", ""), "unloaded");
  ASSERT_EQ(http().post("/tasker/plugins/test/echo/1.0.0/resume", "").status, 200);
  EXPECT_TRUE(comes_into("active", "echo"));
}

TEST_F(Operator, EveryHostOfTheDatabaseHears) {
  start();
  const auto other = place.serve(database.conninfo(), {.workers = 4}, "other");
  ASSERT_TRUE(other->wait_until_ready());
  drop("counter", "1.0.0");
  drop("counter", "1.1.0");
  ASSERT_TRUE(eventually([&] { return shown("counter").value("hosts", 0) == 2 && shown("counter", "1.1.0").value("hosts", 0) == 2; }));
  EXPECT_EQ(taken(other->http()), "1.1.0");
  ASSERT_EQ(tasker({"plugin", "default", "test/counter", "1.0.0"}).exit_code, 0);
  EXPECT_TRUE(eventually([&] { return taken(other->http()) == "1.0.0"; }));
  EXPECT_EQ(taken(http()), "1.0.0");
  ASSERT_EQ(tasker({"plugin", "retire", "test/counter@1.1.0", "--when-drained"}).exit_code, 0);
  EXPECT_EQ(shown("counter", "1.1.0").value("hosts", 1), 0) << "neither has it any more";
  EXPECT_EQ(taken(other->http(), {{"version", "1.1.0"}}), "handler.version_unknown");
  ASSERT_EQ(tasker({"plugin", "resume", "test/counter@1.1.0"}).exit_code, 0);
  EXPECT_TRUE(eventually([&] { return shown("counter", "1.1.0").value("hosts", 0) == 2; }));
}

TEST_F(Operator, APinnedDefaultIsHeededEverywhereAndNeverReplaced) {
  start();
  drop("counter", "1.0.0");
  drop("counter", "1.1.0");
  const auto pinned = tasker({"plugin", "default", "test/counter", "1.0.0"});
  EXPECT_EQ(pinned.out, "the default of test/counter is 1.0.0, pinned (offered: 1.0.0, 1.1.0)\n") << pinned.err;
  ASSERT_TRUE(eventually([&] { return taken(http()) == "1.0.0"; }));
  EXPECT_EQ(taken(http(), {{"version", "^1"}}), "1.0.0");
  EXPECT_EQ(taken(http(), {{"version", ">=1.1"}}), "1.1.0");
  EXPECT_EQ(taken(http(), {{"version", "1.1.0"}}), "1.1.0");
  EXPECT_EQ(http().get("/tasker/handlers/test/counter").json().value("version", ""), "1.0.0");
  EXPECT_NE(tasker({"plugin", "list"}).out.find("in_process\tpinned\n"), std::string::npos);
  EXPECT_EQ(http().post("/tasker/plugins/test/counter/1.0.0/retire", "").code(), "plugin.is_default");
  EXPECT_EQ(tasker({"plugin", "default", "test/counter", "9.0.0"}).exit_code, 3);

  std::filesystem::remove(place.plugins() / "test/counter-1.0.0.so");
  ASSERT_TRUE(eventually([&] { return taken(http()) == "handler.default_unavailable"; })) << shown("counter").dump();
  EXPECT_EQ(taken(http(), {{"version", "1.1.0"}}), "1.1.0");
  const auto health = http().get("/tasker/health/ready");
  EXPECT_EQ(health.status, 200);
  EXPECT_NE(health.text.find("test/counter 1.0.0"), std::string::npos) << health.text;
  EXPECT_NE(tasker({"plugin", "default", "test/counter"}).out.find("no living host takes new tasks for it"), std::string::npos);
  EXPECT_EQ(tasker({"plugin", "default", "test/counter", "--latest"}).out,
            "the default of test/counter is 1.1.0, the newest stable version (offered: 1.1.0)\n");
  EXPECT_TRUE(eventually([&] { return taken(http()) == "1.1.0"; }));
}

TEST_F(Operator, SeesAllThatIsKnownOfAVersion) {
  start();
  drop("counter");
  const auto plugin = shown("counter");
  EXPECT_EQ(plugin.at("state"), "active");
  EXPECT_EQ(plugin.at("isolation"), "in_process");
  EXPECT_EQ(plugin.at("default"), true);
  EXPECT_FALSE(plugin.at("handlers").empty());
  EXPECT_TRUE(plugin.at("here").at("file").get<std::string>().ends_with("test/counter-1.0.0.so"));
  EXPECT_TRUE(eventually([&] { return shown("counter").at("history").back().at("what") == "active"; })) << shown("counter").dump();
  EXPECT_TRUE(plugin.at("crashes").empty());
  write_file(place.plugins() / "test/words-1.0.0.so", "this is no plugin\n");
  ASSERT_TRUE(comes_into("refused", "words")) << "a refused file is in no catalogue, but here";
  EXPECT_EQ(shown("words").at("code"), "plugin.not_elf");
  EXPECT_EQ(http().get("/tasker/plugins/test/nothing/1.0.0").status, 404);
  EXPECT_EQ(tasker({"plugin", "show", "test/nothing@1.0.0"}).exit_code, 3);
}

}  // namespace
}  // namespace tasker::test
