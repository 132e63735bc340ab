// Plugins whose libraries do harm when they are opened, dropped into a host that runs: each is refused with its reason and the host
// goes on, also over a restart.
#include <gmock/gmock.h>
#include <signal.h>

#include <utility>

#include "support/temp_db.h"
#include "system/support/workplace.h"

namespace tasker::test {
namespace {

using testing::HasSubstr;

class Probe : public testing::Test {
 protected:
  std::unique_ptr<TaskerProcess> start() {
    auto host = std::make_unique<TaskerProcess>(
        std::vector<std::string>{"serve", "--config", place.configuration(database.conninfo(), {}, "host")}, place.path("host.out"),
        std::vector<std::string>{"TASKER_PLUGINS__PROBE_SECONDS=2"});
    host->also_show(place.path("host.log"));
    EXPECT_TRUE(host->wait_until_ready());
    return host;
  }
  static Json row(const TaskerProcess& host, const std::string& name) {
    for (const auto& plugin : host.http().get("/tasker/plugins").json().value("plugins", Json::array()))
      if (plugin.value("name", "") == name) return plugin;
    return Json::object();
  }
  static void expect_refused(const TaskerProcess& host, const std::string& name, const std::string& code, const std::string& reason) {
    EXPECT_TRUE(eventually([&] { return row(host, name).value("state", "") == "refused"; })) << name;
    EXPECT_EQ(row(host, name).value("code", ""), code) << name;
    EXPECT_THAT(row(host, name).value("reason", ""), HasSubstr(reason)) << name;
  }

  TempDb database;
  Workplace place;
};

TEST_F(Probe, WhatHarmsAtLoadIsRefusedAndTheHostGoesOn) {
  for (const char* name : {"at_load_segv", "at_load_exit", "at_load_hang", "at_load_print", "echo"}) place.drop(std::string("test/") + name + "-1.0.0.so");
  auto host = start();
  expect_refused(*host, "at_load_segv", "plugin.crashed", "SIGSEGV (invalid memory access)");
  expect_refused(*host, "at_load_exit", "plugin.crashed", "exit with code");
  expect_refused(*host, "at_load_hang", "plugin.timeout", "within 2 s (plugins.probe_seconds)");
  EXPECT_TRUE(host->http().has_loaded("at_load_print"));
  EXPECT_TRUE(host->http().has_loaded("echo"));
  EXPECT_THAT(read_file(place.path("host.log")), HasSubstr("[test/at_load_print 1.0.0] line 7 of what nobody asked for"));
  const auto text = host->http().get("/tasker/metrics").text;
  EXPECT_THAT(text, HasSubstr("tasker_plugin_transitions_total{to=\"probing\"} 5"));
  host->signal(SIGTERM);
  ASSERT_EQ(host->wait_for_exit(), 0);
  host = start();
  expect_refused(*host, "at_load_segv", "plugin.crashed", "SIGSEGV");
  EXPECT_TRUE(host->http().has_loaded("echo"));
  const auto id = host->http().submit({{"name", "echo"}, {"namespace", "test"}, {"context", {{"a", 1}}}});
  EXPECT_EQ(host->http().ended(id).value("detail", ""), "complete");
}

// What no probe tries: init() itself. It costs the host once.
TEST_F(Probe, WhatTookTheHostDownInInitIsNotRunAgain) {
  place.drop("test/echo-1.0.0.so");
  for (const auto& [name, why] : {std::pair("init_segv", "SIGSEGV (invalid memory access) in its init()"),
                                  std::pair("init_exit", "exit (the plugin ended the process) in its init()")}) {
    place.drop(std::string("test/") + name + "-1.0.0.so");
    {
      TaskerProcess host({"serve", "--config", place.configuration(database.conninfo(), {}, "host")}, place.path("host.out"));
      ASSERT_TRUE(host.wait_for_exit()) << name;
      EXPECT_THAT(host.output(), HasSubstr(std::string("in plugin test/") + name + " 1.0.0, in its init()"));
    }
    const auto host = start();
    expect_refused(*host, name, "plugin.crashed", std::string("it took its host down: ") + why);
    EXPECT_TRUE(host->http().has_loaded("echo"));
    host->signal(SIGTERM);
    ASSERT_EQ(host->wait_for_exit(), 0);
  }
}

}  // namespace
}  // namespace tasker::test
