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
using testing::Not;

class Probe : public testing::Test {
 protected:
  std::unique_ptr<TaskerProcess> start(const std::string& name = "host") {
    auto host = std::make_unique<TaskerProcess>(
        std::vector<std::string>{"serve", "--config", place.configuration(database.conninfo(), {}, name)}, place.path(name + ".out"),
        std::vector<std::string>{"TASKER_PLUGINS__PROBE_SECONDS=2", "AT_LOAD_MENDED=" + place.path("mended").string()});
    host->also_show(place.path(name + ".log"));
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

// What one host found, the other does not try; an operator's word reaches both.
TEST_F(Probe, WhatCrashedOnOneHostIsTriedByNoOtherBeforeAnOperatorSaysSo) {
  place.drop("test/at_load_unmended-1.0.0.so");
  place.drop("test/echo-1.0.0.so");
  const auto first = start();
  expect_refused(*first, "at_load_unmended", "plugin.crashed", "SIGABRT");
  const auto other = start("other");
  expect_refused(*other, "at_load_unmended", "plugin.crashed", "these bytes are not tried again: ");
  EXPECT_THAT(read_file(place.path("other.log")), Not(HasSubstr("at_load_unmended 1.0.0: inspected -> probing")));
  EXPECT_THAT(other->http().get("/tasker/metrics").text, HasSubstr("tasker_plugin_transitions_total{to=\"probing\"} 1")) << "echo, and nothing else";
  const auto retry = [&](const TaskerProcess& at) {
    return run_tasker({"plugin", "retry", "test/at_load_unmended@1.0.0", "--server", "http://127.0.0.1:" + std::to_string(at.http().port())});
  };
  const auto in_vain = retry(*other);
  EXPECT_EQ(in_vain.exit_code, 1) << in_vain.out << in_vain.err;
  EXPECT_THAT(in_vain.out, HasSubstr("test/at_load_unmended 1.0.0 is refused"));
  for (const auto* host : {first.get(), other.get()})
    EXPECT_TRUE(eventually([&] {
      return host->http().get("/tasker/metrics").text.find("tasker_plugin_transitions_total{to=\"refused\"} 2") != std::string::npos;
    })) << "each has heard of it";
  write_file(place.path("mended"), "");
  const auto mended = retry(*other);
  EXPECT_EQ(mended.exit_code, 0) << mended.out << mended.err;
  EXPECT_TRUE(eventually([&] { return first->http().get("/tasker/plugins/test/at_load_unmended/1.0.0").json().value("hosts", 0) == 2; }));
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
