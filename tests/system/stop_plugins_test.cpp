// SIGTERM while a plugin is on its way in or out: the host ends in its time, and what comes next finds nothing half written.
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/temp_db.h"
#include "system/support/workplace.h"

namespace tasker::test {
namespace {

class StopPlugins : public testing::Test {
 protected:
  // `settings`: "PLUGINS__SETTLE_MS=100", without TASKER_.
  void start(std::vector<std::string> settings = {}, bool becomes_ready = true) {
    settings.push_back("DATABASE__URL=" + database.conninfo());
    for (auto& setting : settings) setting = "TASKER_" + setting;
    host = std::make_unique<TaskerProcess>(std::vector<std::string>{"serve", "--config", place.configuration("", {}, "host")},
                                           place.path("host.out"), settings);
    host->also_show(place.path("host.log"));
    if (becomes_ready) {
      ASSERT_TRUE(host->wait_until_ready());
    }
  }
  std::string state_of(const std::string& name) {
    for (const auto& plugin : host->http().get("/tasker/plugins").json().value("plugins", Json::array()))
      if (plugin.value("name", "") == name) return plugin.value("state", "");
    return "";
  }
  bool comes_into(const std::string& state, const std::string& name) {
    return eventually([&] { return state_of(name) == state; });
  }
  // Once somebody reads from it.
  int open_pipe(const std::string& name) { return ::open(place.path(name).c_str(), O_WRONLY | O_CLOEXEC); }
  void expect_nothing_half_written() {
    for (const auto& entry : std::filesystem::recursive_directory_iterator(place.path("host-state")))
      EXPECT_NE(entry.path().extension(), ".tmp") << entry.path();
  }
  void expect_it_works() {
    start();
    ASSERT_TRUE(comes_into("active", "farewell"));
    const auto task = host->http().ended(host->http().submit({{"name", "farewell"}, {"namespace", "test"}}));
    EXPECT_EQ(task.value("detail", ""), "complete") << task.dump(1);
    host->signal(SIGTERM);
    EXPECT_EQ(host->wait_for_exit(), 0);
  }

  TempDb database;
  Workplace place;
  std::unique_ptr<TaskerProcess> host;
};

TEST_F(StopPlugins, WhileOneSettles) {
  start({"PLUGINS__SETTLE_MS=60000"});
  place.drop("test/farewell-1.0.0.so");
  ASSERT_TRUE(comes_into("settling", "farewell"));
  host->signal(SIGTERM);
  EXPECT_EQ(host->wait_for_exit(), 0);
  expect_nothing_half_written();
  expect_it_works();
}

TEST_F(StopPlugins, WhileOneIsInitialised) {
  ASSERT_EQ(::mkfifo(place.path("init").c_str(), 0600), 0);
  place.drop("test/farewell-1.0.0.so");
  start({"PLUGINS__CONFIGURATION={\"test/farewell\": {\"init_reads\": \"" + place.path("init").string() + "\"}}"}, false);
  const int end = open_pipe("init");
  host->signal(SIGTERM);
  ::close(end);
  EXPECT_EQ(host->wait_for_exit(), 0);
  expect_nothing_half_written();
  expect_it_works();
}

TEST_F(StopPlugins, WhileOneIsProbed) {
  place.drop("test/farewell-1.0.0.so");
  start({"PLUGINS__PROBE_SECONDS=3600"});
  place.drop("test/at_load_hang-1.0.0.so");
  ASSERT_TRUE(comes_into("probing", "at_load_hang"));
  const auto before = std::chrono::steady_clock::now();
  host->signal(SIGTERM);
  EXPECT_EQ(host->wait_for_exit(), 0);
  EXPECT_LT(std::chrono::steady_clock::now() - before, std::chrono::minutes(5)) << "and not after the hour that it has";
  expect_nothing_half_written();
  std::filesystem::remove(place.plugins() / "test/at_load_hang-1.0.0.so");
  expect_it_works();
}

TEST_F(StopPlugins, WhileOneDrains) {
  ASSERT_EQ(::mkfifo(place.path("step").c_str(), 0600), 0);
  place.drop("test/farewell-1.0.0.so");
  start();
  ASSERT_TRUE(comes_into("active", "farewell"));
  const auto task = host->http().submit({{"name", "farewell"}, {"namespace", "test"}, {"context", {{"reads", place.path("step").string()}}}});
  const int end = open_pipe("step");
  std::filesystem::remove(place.plugins() / "test/farewell-1.0.0.so");
  ASSERT_TRUE(comes_into("draining", "farewell"));
  host->signal(SIGTERM);
  ::close(end);
  EXPECT_EQ(host->wait_for_exit(), 0);
  expect_nothing_half_written();
  place.drop("test/farewell-1.0.0.so");
  start();
  EXPECT_EQ(host->http().ended(task).value("detail", ""), "complete");
}

}  // namespace
}  // namespace tasker::test
