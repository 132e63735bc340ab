// Versions come and go in a host that works: replaced under load, removed, rolled back, and really out of the process.
#include <fstream>

#include "support/temp_db.h"
#include "system/support/workplace.h"

namespace tasker::test {
namespace {

class LifeCycle : public testing::Test {
 protected:
  void start(const Tuning& tuning = {}) {
    host = place.serve(database.conninfo(), tuning);
    ASSERT_TRUE(host->wait_until_ready());
  }
  const HttpClient& http() const { return host->http(); }
  void drop(const std::string& name, const std::string& version = "1.0.0") {
    place.drop("test/" + name + "-" + version + ".so");
    ASSERT_TRUE(eventually([&] { return http().has_loaded(name, version); })) << http().get("/tasker/plugins").text;
  }
  void remove(const std::string& name, const std::string& version = "1.0.0") {
    std::filesystem::remove(place.plugins() / "test" / (name + "-" + version + ".so"));
  }
  Json listed(const std::string& name, const std::string& version = "1.0.0") {
    for (const auto& plugin : http().get("/tasker/plugins").json().value("plugins", Json::array()))
      if (plugin.value("name", "") == name && plugin.value("version", "") == version) return plugin;
    return Json::object();
  }
  bool comes_into(const std::string& state, const std::string& name, const std::string& version = "1.0.0") {
    return eventually([&] { return listed(name, version).value("state", "") == state; });
  }
  bool is_mapped(const Json& plugin) {
    std::ifstream maps("/proc/" + std::to_string(host->pid()) + "/maps");
    for (std::string line; std::getline(maps, line);)
      if (line.find(plugin.at("sha256").get<std::string>()) != std::string::npos) return true;
    return false;
  }
  double transitions(const std::string& to) {
    const auto text = http().get("/tasker/metrics").text;
    const std::string sample = "tasker_plugin_transitions_total{to=\"" + to + "\"} ";
    const auto at = text.find(sample);
    return at == std::string::npos ? -1 : std::stod(text.substr(at + sample.size()));
  }

  TempDb database;
  Workplace place;
  std::unique_ptr<TaskerProcess> host;
};

TEST_F(LifeCycle, AVersionIsReplacedUnderLoadAndLeaves) {
  start({.workers = 4});
  drop("counter", "1.0.0");
  const auto old_version = listed("counter");
  ASSERT_TRUE(is_mapped(old_version));
  const Json task{{"name", "counter"}, {"namespace", "test"}};
  std::vector<std::int64_t> before, pinned, after;
  const auto submit = [&](std::vector<std::int64_t>& to, const Json& what, int count) {
    const auto ids = http().submit_many(what, count);
    to.insert(to.end(), ids.begin(), ids.end());
  };
  submit(before, task, 500);
  place.drop("test/counter-1.1.0.so");
  while (!http().has_loaded("counter", "1.1.0")) submit(before, task, 50);
  submit(after, task, 500);
  submit(pinned, {{"name", "counter"}, {"namespace", "test"}, {"version", "1.0.0"}}, 200);
  remove("counter", "1.0.0");
  ASSERT_TRUE(eventually([&] { return listed("counter").value("state", "") != "active"; }));
  submit(after, task, 500);

  std::set<std::int64_t> counts;
  const auto version_of = [&](std::int64_t id) {
    const auto ended = http().ended(id);
    const auto& step = ended.at("workflow_steps").at(0);
    EXPECT_EQ(ended.value("detail", ""), "complete") << ended.dump();
    EXPECT_EQ(step.at("attempts"), 1);
    EXPECT_EQ(step.at("results").at("version"), ended.at("version")) << "the bytes are those the task is pinned to";
    if (ended.at("version") == "1.0.0") {
      EXPECT_TRUE(counts.insert(step.at("results").at("count").get<std::int64_t>()).second);
    }
    return ended.at("version").get<std::string>();
  };
  for (const auto id : pinned) EXPECT_EQ(version_of(id), "1.0.0");
  for (const auto id : after) EXPECT_EQ(version_of(id), "1.1.0");
  std::size_t old_ones = pinned.size();
  for (const auto id : before) old_ones += version_of(id) == "1.0.0";
  EXPECT_EQ(counts.size(), old_ones) << "one process ran each of them once";
  EXPECT_EQ(*counts.rbegin(), static_cast<std::int64_t>(old_ones));

  ASSERT_TRUE(comes_into("unloaded", "counter")) << listed("counter").dump();
  EXPECT_FALSE(is_mapped(old_version));
  EXPECT_EQ(listed("counter").at("hosts"), 0);
  EXPECT_EQ(listed("counter", "1.1.0").value("state", ""), "active");
  EXPECT_EQ(transitions("unloaded"), 1);
  EXPECT_EQ(transitions("finishing"), 1);
}

TEST_F(LifeCycle, ARemovedVersionWaitsForItsOpenTasks) {
  start();
  drop("blocker");
  const auto plugin = listed("blocker");
  const auto gate = place.path("gate"), inside = place.path("inside");
  const Json task{{"name", "blocker"}, {"namespace", "test"},
                  {"context", {{"until", gate.string()}, {"started", inside.string()}}}};
  const auto running = http().submit(task);
  auto later = task;
  later["start_at"] = "2098-01-01T00:00:00Z";
  const auto waiting = http().submit(later);
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(inside); }));
  remove("blocker");
  ASSERT_TRUE(comes_into("draining", "blocker"));
  const auto drains = listed("blocker");
  EXPECT_EQ(drains.at("open_tasks"), 2);
  EXPECT_EQ(drains.at("oldest_task"), std::min(running, waiting));
  EXPECT_TRUE(drains.at("next_wake").get<std::string>().starts_with("2098-01-01T00:00:00")) << drains.dump();
  EXPECT_EQ(http().post("/tasker/tasks", task).code(), "handler.version_unknown") << "new tasks do not get it";
  write_file(gate, "");
  EXPECT_EQ(http().ended(running).value("detail", ""), "complete");
  ASSERT_TRUE(eventually([&] { return listed("blocker").value("open_tasks", 0) == 1; }));
  EXPECT_TRUE(is_mapped(plugin));

  // The file comes back: it is the same version, and is chosen again.
  place.drop("test/blocker-1.0.0.so");
  ASSERT_TRUE(comes_into("active", "blocker"));
  EXPECT_EQ(http().ended(http().submit(task)).value("detail", ""), "complete");
}

TEST_F(LifeCycle, AnOlderVersionTakesOverWhenTheNewerIsRemoved) {
  start();
  drop("counter", "1.0.0");
  drop("counter", "1.1.0");
  const Json task{{"name", "counter"}, {"namespace", "test"}};
  const auto version = [&] { return http().ended(http().submit(task)).at("version").get<std::string>(); };
  EXPECT_EQ(version(), "1.1.0");
  const auto newer = listed("counter", "1.1.0");
  remove("counter", "1.1.0");
  ASSERT_TRUE(comes_into("unloaded", "counter", "1.1.0"));
  EXPECT_FALSE(is_mapped(newer));
  EXPECT_EQ(version(), "1.0.0");
  place.drop("test/counter-1.1.0.so");
  ASSERT_TRUE(comes_into("active", "counter", "1.1.0"));
  EXPECT_EQ(version(), "1.1.0");
}

}  // namespace
}  // namespace tasker::test
