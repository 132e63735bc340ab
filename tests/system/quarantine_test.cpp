// A step that takes its host down: named at the crash and at the next start, ended in error after the second time, and
// paid for by nobody else. What nobody can be blamed for (kill -9) is in kill_test.
#include <fcntl.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>
#include <unistd.h>

#include "support/sql_client.h"
#include "support/temp_db.h"
#include "system/support/workplace.h"

namespace tasker::test {
namespace {

using testing::HasSubstr;

constexpr int kInnocents = 6;

class Quarantine : public testing::Test {
 protected:
  std::unique_ptr<TaskerProcess> start() {
    auto host = place.serve(database.conninfo(), {.workers = 12});
    EXPECT_TRUE(host->wait_until_ready());
    return host;
  }
  std::int64_t submit(const HttpClient& http, const std::string& name, const Json& context) {
    return http.submit({{"name", name}, {"namespace", "test"}, {"context", context}});
  }
  // All steps that are not at rest are inside a handler of the living host.
  bool all_run() {
    return sql.value("select count(*) from tasker.step s join tasker.host h using (host_id) where h.alive and "
                     "s.state = 'in_progress'") == std::to_string(kInnocents + 1);
  }
  void crash(TaskerProcess& host, int signal, const std::string& name, const std::string& plugin) {
    ASSERT_TRUE(eventually([&] { return all_run(); }));
    ASSERT_TRUE(eventually([&] { return opened_gate(); }));
    ASSERT_EQ(host.wait_for_exit(), 128 + signal);
    EXPECT_THAT(host.output(), HasSubstr("tasker: " + name));
    EXPECT_THAT(host.output(), HasSubstr("in plugin test/" + plugin + " 1.0.0, step run of task"));
    EXPECT_THAT(host.output(), HasSubstr("tasker:   at "));
  }
  // Whether the poison was inside its handler, which goes on now.
  bool opened_gate() {
    const int end = ::open(gate.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    if (end >= 0) ::close(end);
    return end >= 0;
  }
  void poison_ends_in_error(const std::string& how, int signal, const std::string& name, const std::string& plugin = "crash");

  TempDb database;
  Workplace place;
  SqlClient sql{database.conninfo()};
  std::filesystem::path gate = place.path("gate"), until = place.path("until");
};

void Quarantine::poison_ends_in_error(const std::string& how, int signal, const std::string& name,
                                      const std::string& plugin) {
  ASSERT_EQ(::mkfifo(gate.c_str(), 0600), 0);
  for (const auto& each : {plugin, std::string("blocker")}) place.drop("test/" + each + "-1.0.0.so");
  auto host = start();
  for (const auto& each : {plugin, std::string("blocker")}) ASSERT_TRUE(eventually([&] { return host->http().has_loaded(each); }));
  std::vector<std::int64_t> innocents;
  for (int i = 0; i < kInnocents; ++i) innocents.push_back(submit(host->http(), "blocker", {{"until", until.string()}}));
  const auto poison = submit(host->http(), plugin, {{"how", how}, {"after", gate.string()}});
  crash(*host, signal, name, plugin);
  host = start();
  EXPECT_THAT(read_file(place.path("host.log")), HasSubstr("taken down by " + name + " in plugin test/" + plugin + " 1.0.0, step run of task " +
                                                           std::to_string(poison)));
  crash(*host, signal, name, plugin);
  host = start();

  const auto task = host->http().ended(poison);
  EXPECT_EQ(task.value("detail", ""), "error") << task.dump(1);
  const auto& step = task.at("workflow_steps").at(0);
  EXPECT_EQ(step.at("last_error").value("code", ""), "plugin.crashed") << step.dump(1);
  EXPECT_THAT(step.at("last_error").value("message", ""), HasSubstr(name + " in plugin test/" + plugin + " 1.0.0, step run"));
  EXPECT_EQ(step.at("attempt_history").size(), 2u);
  write_file(until, "");
  for (const auto id : innocents) EXPECT_EQ(host->http().ended(id).value("detail", ""), "complete");
  EXPECT_EQ(sql.value("select count(*) || ' ' || sum(lost) || ' ' || sum(attempts) from tasker.step where state = 'complete'"),
            std::to_string(kInnocents) + " 0 " + std::to_string(kInnocents));
  EXPECT_EQ(sql.value("select count(*) from tasker.attempt where outcome = 'lost'"), std::to_string(2 * (kInnocents + 1)));
  for (const auto& file : std::filesystem::directory_iterator(place.path("host-state")))
    EXPECT_FALSE(file.path().filename().string().starts_with("crash.")) << "a record that was noted is left behind";
}

TEST_F(Quarantine, AStepThatReadsWhatIsNotThere) { poison_ends_in_error("segv", SIGSEGV, "SIGSEGV"); }
TEST_F(Quarantine, AStepThatAborts) { poison_ends_in_error("abort", SIGABRT, "SIGABRT"); }
TEST_F(Quarantine, AStepThatOverflowsItsStack) { poison_ends_in_error("overflow", SIGSEGV, "SIGSEGV"); }
TEST_F(Quarantine, AStepWhoseAnswerIsFreedTwice) {
  if (std::string_view(TASKER_SANITIZED) != "") GTEST_SKIP() << "a sanitizer ends the process in its own way";
  poison_ends_in_error("", SIGABRT, "SIGABRT", "crash_in_release");
}

}  // namespace
}  // namespace tasker::test
