// Plugins in processes of their own: whatever their code does to its process costs the attempt it was in, and neither the
// host nor another plugin notices. What runs in the host's process is in quarantine_test.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cstdlib>
#include <fstream>

#include "support/temp_db.h"
#include "system/support/workplace.h"

namespace tasker::test {
namespace {

using testing::HasSubstr;
using testing::Not;

class Isolation : public testing::Test {
 protected:
  // `settings`: "RUNNER__FILES=128", without TASKER_.
  std::unique_ptr<TaskerProcess> start(std::vector<std::string> settings = {}) {
    settings.insert(settings.begin(), {"PLUGINS__ISOLATION=process", "DATABASE__URL=" + database.conninfo()});
    for (auto& setting : settings) setting = "TASKER_" + setting;
    settings.push_back("SECRET_OF_THE_HOST=hunter2x");
    auto host = std::make_unique<TaskerProcess>(std::vector<std::string>{"serve", "--config", place.configuration("", {}, "host")},
                                                place.path("host.out"), settings);
    host->also_show(place.path("host.log"));
    EXPECT_TRUE(host->wait_until_ready());
    for (const char* plugin : {"unruly", "echo"})
      if (!host->http().has_loaded(plugin)) throw std::runtime_error(std::string(plugin) + " was not loaded");
    return host;
  }
  void SetUp() override {
    for (const char* plugin : {"unruly", "echo"}) place.drop(std::string("test/") + plugin + "-1.0.0.so");
  }
  static std::int64_t submit(const TaskerProcess& host, const Json& context, const std::string& name = "unruly") {
    return host.http().submit({{"name", name}, {"namespace", "test"}, {"context", context}});
  }
  static Json run(const TaskerProcess& host, const Json& context, const std::string& name = "unruly") {
    return host.http().ended(submit(host, context, name));
  }
  // What the only step's attempts ended with, as "outcome code message" a line.
  static std::string history(const Json& task) {
    std::string all;
    for (const auto& attempt : task.at("workflow_steps").at(0).at("attempt_history"))
      all += attempt.value("outcome", "") + " " + attempt.value("code", Json()).dump() + " " + attempt.value("message", Json()).dump() + "\n";
    return all;
  }
  static std::string said(const Json& task) { return task.at("workflow_steps").at(0).at("results").value("said", "nothing"); }
  std::string log() const { return read_file(place.path("host.log")); }
  // Once for each test: the first attempt does it, the second answers.
  void costs_one_attempt(const TaskerProcess& host, const std::string& how, const std::string& code, const std::string& message) {
    const auto task = run(host, {{"how", how}, {"once", place.path("once." + how).string()}});
    EXPECT_EQ(task.value("detail", ""), "complete") << how << "\n" << task.dump(1);
    EXPECT_THAT(history(task), HasSubstr("retry \"" + code + "\"")) << how;
    EXPECT_THAT(history(task), HasSubstr(message)) << how;
    EXPECT_EQ(task.at("workflow_steps").at(0).value("attempts", 0), 2) << how;
  }
  static pid_t process_of(const Json& task) { return task.at("workflow_steps").at(0).at("results").value("process", 0); }
  // A zombie is gone too: whoever is to bury it may take its time.
  static bool is_gone(pid_t process) {
    std::ifstream in("/proc/" + std::to_string(process) + "/stat");
    std::string stat;
    std::getline(in, stat);
    const auto name_end = stat.rfind(')');
    return name_end == std::string::npos || stat.substr(name_end + 2, 1) == "Z";
  }

  TempDb database;
  Workplace place;
};

TEST_F(Isolation, ACrashCostsOneAttemptAndNobodyElseNotices) {
  const auto host = start();
  costs_one_attempt(*host, "segv", "plugin.crashed", "SIGSEGV (invalid memory access)");
  costs_one_attempt(*host, "abort", "plugin.crashed", "SIGABRT (abort)");
  costs_one_attempt(*host, "overflow", "plugin.crashed", "SIGSEGV");
  costs_one_attempt(*host, "exit", "plugin.crashed", "exit with code");
  costs_one_attempt(*host, "kill", "plugin.crashed", "SIGKILL (from outside");
  costs_one_attempt(*host, "close", "plugin.crashed", "plugin's runner");
  EXPECT_EQ(run(*host, {{"a", 1}}, "echo").value("detail", ""), "complete");
  EXPECT_FALSE(host->wait_for_exit(std::chrono::milliseconds(0)).has_value());
  EXPECT_THAT(log(), HasSubstr("SIGSEGV (invalid memory access) in plugin test/unruly 1.0.0, step run of task"));
  EXPECT_THAT(log(), HasSubstr("tasker:   at (anonymous namespace)::deeper ("));
}

TEST_F(Isolation, WhatAPluginDoesToItsProcessStaysThere) {
  const auto host = start();
  EXPECT_EQ(said(run(*host, {{"how", "close_3"}})), "EBADF");
  EXPECT_THAT(said(run(*host, {{"how", "folder"}})), HasSubstr("host-state/runners/"));
  EXPECT_EQ(said(run(*host, {{"how", "chdir"}})), "done");
  EXPECT_EQ(said(run(*host, {{"how", "print"}})), "printed");
  EXPECT_TRUE(eventually([&] { return log().find("[test/unruly 1.0.0] a line of its own") != std::string::npos; }));
  const auto variables = said(run(*host, {{"how", "variables"}}));
  EXPECT_THAT(variables, HasSubstr("PATH="));
  EXPECT_THAT(variables, Not(HasSubstr("hunter2x")));
  EXPECT_THAT(variables, Not(HasSubstr("TASKER_")));
  const auto thrown = run(*host, {{"how", "throw"}});
  EXPECT_THAT(history(thrown), HasSubstr("thrown on purpose"));
  EXPECT_THAT(history(thrown), Not(HasSubstr("plugin.crashed")));
}

TEST_F(Isolation, AStepThatCrashesEveryTimeEndsByItsRetryLimit) {
  const auto host = start();
  const auto task = run(*host, {{"how", "segv"}});
  EXPECT_EQ(task.value("detail", ""), "error") << task.dump(1);
  const auto& step = task.at("workflow_steps").at(0);
  EXPECT_EQ(step.value("attempts", 0), 2);
  EXPECT_EQ(step.at("last_error").value("code", ""), "plugin.crashed");
  EXPECT_EQ(run(*host, {}).value("detail", ""), "complete");
}

TEST_F(Isolation, ARunnerThatIsKilledIsReplaced) {
  const auto host = start();
  const auto first = process_of(run(*host, {}));
  ASSERT_EQ(::kill(first, SIGKILL), 0) << "while it is idle";
  ASSERT_EQ(::mkfifo(place.path("pipe").c_str(), 0600), 0);
  const auto inside = submit(*host, {{"pid", place.path("pid").string()}, {"until", place.path("pipe").string()}, {"once", place.path("once").string()}});
  const int end = ::open(place.path("pipe").c_str(), O_WRONLY | O_CLOEXEC);
  const pid_t second = std::atoi(read_file(place.path("pid")).c_str());
  EXPECT_NE(first, second);
  ASSERT_EQ(::kill(second, SIGKILL), 0) << "while the attempt is in it";
  ::close(end);
  const auto task = host->http().ended(inside);
  EXPECT_EQ(task.value("detail", ""), "complete") << task.dump(1);
  EXPECT_THAT(history(task), HasSubstr("SIGKILL (from outside"));
}

TEST_F(Isolation, RunnersEndWithTheirHostHoweverItEnds) {
  auto host = start();
  ASSERT_EQ(::mkfifo(place.path("pipe").c_str(), 0600), 0);
  const pid_t idle = process_of(run(*host, {}));
  submit(*host, {{"pid", place.path("pid").string()}, {"until", place.path("pipe").string()}, {"once", place.path("once").string()}});
  const int end = ::open(place.path("pipe").c_str(), O_WRONLY | O_CLOEXEC);
  EXPECT_EQ(std::atoi(read_file(place.path("pid")).c_str()), idle) << "one process for the plugin";
  host->kill_hard();
  EXPECT_TRUE(eventually([&] { return is_gone(idle); }));
  ::close(end);

  host = start();
  const pid_t next = process_of(run(*host, {}));
  host->signal(SIGTERM);
  EXPECT_EQ(host->wait_for_exit(), 0);
  EXPECT_TRUE(is_gone(next));
  EXPECT_TRUE(std::filesystem::is_empty(place.path("host-state") / "runners")) << "their folders are gone with them";
}

TEST_F(Isolation, APluginThatCrashesOverAndOverIsQuarantinedAlone) {
  const auto host = start({"RUNNER__CRASHES=1"});
  const Json crashes_once{{"how", "abort"}, {"once", place.path("once").string()}};
  const auto task = submit(*host, crashes_once);
  const auto plugin = [&] { return host->http().get("/tasker/plugins/test/unruly/1.0.0").json(); };
  ASSERT_TRUE(eventually([&] { return plugin().value("state", "") == "quarantined"; })) << plugin().dump(1);
  EXPECT_EQ(plugin().value("code", ""), "plugin.quarantined");
  EXPECT_THAT(plugin().value("reason", ""), HasSubstr("its runner ended 1 times within 5 minutes, at last by SIGABRT"));
  // Its task waits, and says for what; new ones are refused; other plugins do not notice.
  const auto step = [&] { return host->http().task(task).at("workflow_steps").at(0); };
  ASSERT_TRUE(eventually([&] { return step().at("detail") == "waiting_for_retry"; })) << step().dump(1);
  EXPECT_EQ(step().at("waiting_for").value("code", ""), "plugin.quarantined") << step().dump(1);
  EXPECT_THAT(step().at("waiting_for").value("message", ""), HasSubstr("`tasker plugin retry test/unruly@1.0.0`"));
  EXPECT_EQ(host->http().post("/tasker/tasks", Json{{"name", "unruly"}, {"namespace", "test"}}).code(), "handler.version_unknown");
  EXPECT_EQ(run(*host, {{"a", 1}}, "echo").value("detail", ""), "complete");
  EXPECT_THAT(host->http().get("/tasker/metrics").text, HasSubstr("tasker_plugins{state=\"quarantined\"} 1"));
  EXPECT_EQ(step().at("attempts"), 1) << "waiting costs nothing";

  const std::vector<std::string> retry{"plugin", "retry", "test/unruly@1.0.0", "--reason", "it behaves now", "--server",
                                       "http://127.0.0.1:" + std::to_string(host->http().port())};
  const auto told = run_tasker(retry);
  EXPECT_EQ(told.exit_code, 0) << told.out << told.err;
  EXPECT_THAT(told.out, HasSubstr("test/unruly 1.0.0 is active on 1 host"));
  const auto ended = host->http().ended(task);
  EXPECT_EQ(ended.value("detail", ""), "complete") << ended.dump(1);
  EXPECT_EQ(ended.at("workflow_steps").at(0).value("attempts", 0), 2) << ended.dump(1);
  EXPECT_EQ(ended.at("workflow_steps").at(0).at("attempt_history").size(), 2u);
  EXPECT_EQ(run(*host, {}).value("detail", ""), "complete");
  EXPECT_THAT(plugin().at("history").dump(), HasSubstr("it behaves now"));
  const auto nothing = run_tasker(retry);
  EXPECT_EQ(nothing.exit_code, 5) << nothing.out;
  EXPECT_THAT(nothing.err, HasSubstr("plugin.not_refused"));
}

TEST_F(Isolation, IsChosenForEachPlugin) {
  const auto host = start({"PLUGINS__ISOLATION_OF={test/unruly: in_process}"});
  EXPECT_EQ(process_of(run(*host, {})), host->pid());
}

}  // namespace
}  // namespace tasker::test
