// How a host ends and what stands in its way: SIGTERM, Ctrl-C twice, a busy port, a data folder in use, a database
// that goes away. All on `tasker dev` with one private PostgreSQL, which each host takes over from the one before.
#include <gmock/gmock.h>
#include <signal.h>

#include <fstream>

#include "support/sql_client.h"
#include "system/support/workplace.h"

namespace tasker::test {
namespace {

using testing::HasSubstr;

class Stop : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    place_ = new Workplace;
    place_->drop("test/blocker-1.0.0.so");
    place_->drop("test/ledger-1.0.0.so");
  }
  static void TearDownTestSuite() { delete place_; }

  static std::unique_ptr<TaskerProcess> start(const Tuning& tuning = {}) {
    auto host = place_->dev(tuning);
    EXPECT_TRUE(host->wait_until_ready());
    // Its own words: the catalogue may still show what a host before it had loaded.
    for (const char* plugin : {"blocker", "ledger"})
      EXPECT_TRUE(host->wait_for_output(std::string("plugin test/") + plugin + " 1.0.0 is active"));
    return host;
  }
  // A task whose handler has been entered and does not return until the file `gate` exists.
  std::int64_t submit_blocker(const HttpClient& http, bool ignores_stop) {
    const auto id = http.submit({{"name", "blocker"},
                                 {"namespace", "test"},
                                 {"context", {{"until", gate().string()},
                                              {"started", inside().string()},
                                              {"ignore_stop", ignores_stop}}}});
    EXPECT_TRUE(eventually([&] { return std::filesystem::exists(inside()); }));
    return id;
  }
  std::filesystem::path gate() const { return place_->path(name() + ".gate"); }
  std::filesystem::path inside() const { return place_->path(name() + ".inside"); }
  static std::string name() { return testing::UnitTest::GetInstance()->current_test_info()->name(); }
  static std::string database() {
    return "host=" + place_->path("data/socket").string() + " port=5432 user=tasker dbname=tasker";
  }

  static inline Workplace* place_ = nullptr;
};

TEST_F(Stop, BySigtermHandsWorkBackAndTheNextStartFinishesIt) {
  auto host = start();
  const auto task = submit_blocker(host->http(), false);
  host->signal(SIGTERM);
  EXPECT_EQ(host->wait_for_exit(std::chrono::seconds(40)), 0);
  EXPECT_THAT(host->output(), HasSubstr("stopping"));

  host = start();
  write_file(gate(), "");
  const auto ended = host->http().ended(task);
  EXPECT_EQ(ended.at("detail"), "complete");
  EXPECT_EQ(ended.at("workflow_steps")[0].at("attempts"), 1) << ended.dump(1);
}

TEST_F(Stop, BySigtermLetsAHandlerFinishWithinTheGraceTime) {
  auto host = start();
  const auto task = submit_blocker(host->http(), true);
  host->signal(SIGTERM);
  ASSERT_TRUE(host->wait_for_output("stopping"));
  write_file(gate(), "");
  EXPECT_EQ(host->wait_for_exit(), 0);

  host = start();
  EXPECT_EQ(host->http().ended(task).at("workflow_steps")[0].at("attempt_history").size(), 1u);
}

TEST_F(Stop, DoesNotWaitBeyondTheGraceTimeForAHandlerThatIgnoresIt) {
  auto host = start({.grace_seconds = 1});
  const auto task = submit_blocker(host->http(), true);
  host->signal(SIGTERM);
  EXPECT_EQ(host->wait_for_exit(std::chrono::seconds(40)), 0);

  host = start();
  write_file(gate(), "");
  EXPECT_EQ(host->http().ended(task).at("detail"), "complete");
}

TEST_F(Stop, AtOnceWhenAskedTwice) {
  auto host = start();
  submit_blocker(host->http(), true);
  host->signal(SIGINT);
  ASSERT_TRUE(host->wait_for_output("stopping"));
  host->signal(SIGINT);
  EXPECT_EQ(host->wait_for_exit(std::chrono::seconds(20)), 128 + SIGINT);
}

TEST_F(Stop, NeverBeginsOnABusyPort) {
  auto host = start();
  const auto busy = "127.0.0.1:" + std::to_string(host->http().port());
  Workplace other;
  const auto serving = other.serve(database(), {.listen = busy});
  EXPECT_EQ(serving->wait_for_exit(), 1);
  EXPECT_THAT(serving->output(), HasSubstr("http.port_taken"));
  EXPECT_EQ(host->http().get("/tasker/health/ready").status, 200);
}

TEST_F(Stop, NeverBeginsBeforeDevHasFoundAFreePort) {
  auto host = start();
  Workplace other;
  auto second = other.dev({.listen = "127.0.0.1:" + std::to_string(host->http().port())}, {"--plugins", other.path("mistyped").string()});
  ASSERT_TRUE(second->wait_until_ready());
  EXPECT_NE(second->http().port(), host->http().port());
  EXPECT_THAT(second->output(), HasSubstr("port " + std::to_string(host->http().port()) + " is taken"));
  EXPECT_THAT(second->output(), HasSubstr("made folder " + other.path("mistyped").string() + " for plugins"));
  EXPECT_THAT(second->output(), HasSubstr("export TASKER_SERVER=http://127.0.0.1:" + std::to_string(second->http().port())));
  second->signal(SIGTERM);
  EXPECT_EQ(second->wait_for_exit(), 0);
}

TEST_F(Stop, WhileTheDatabaseIsMadeLeavesNothingHalfMade) {
  Workplace fresh;
  const auto host = fresh.dev();
  ASSERT_TRUE(host->wait_for_output("making a private PostgreSQL"));
  host->signal(SIGINT);
  EXPECT_EQ(host->wait_for_exit(), 130);
  EXPECT_THAT(host->output(), HasSubstr("command.interrupted: interrupted while the private database was being made"));
  EXPECT_FALSE(std::filesystem::exists(fresh.path("data/pgdata")));
  EXPECT_FALSE(std::filesystem::exists(fresh.path("data/pgdata.new")));
}

TEST_F(Stop, RefusesADataFolderThatAnotherHostUses) {
  auto host = start();
  const auto second = place_->dev();
  EXPECT_EQ(second->wait_for_exit(), 5);
  EXPECT_THAT(second->output(), HasSubstr("data.in_use"));
  EXPECT_THAT(second->output(), HasSubstr(std::to_string(host->pid())));
}

// Four lines a task in a file of this test; a task may be interrupted, so there may be more.
class StopDatabase : public Stop {
 protected:
  std::filesystem::path ledger() const { return place_->path(name() + ".txt"); }
  std::set<std::string> keys() const {
    std::set<std::string> found;
    std::ifstream in(ledger());
    for (std::string line; std::getline(in, line);) found.insert(line);
    return found;
  }
  void begin(const TaskerProcess& host) {
    tasks = host.http().submit_many(
        {{"name", "ledger"}, {"namespace", "test"}, {"context", {{"ledger", ledger().string()}}}}, 2000);
    ASSERT_TRUE(eventually([&] { return keys().size() > 200; }));
  }
  void expect_nothing_lost(const TaskerProcess& host) {
    for (const auto id : tasks) {
      const auto task = host.http().ended(id);
      ASSERT_EQ(task.value("detail", ""), "complete") << task.dump(1);
    }
    EXPECT_EQ(keys().size(), tasks.size() * 4);
  }

  std::vector<std::int64_t> tasks;
};

TEST_F(StopDatabase, ThatCrashesUnderRunningTasksLosesNothing) {
  auto host = start();
  begin(*host);
  // kill -9 of one back end makes PostgreSQL end all others and recover.
  ::kill(SqlClient(database()).backend_pid(), SIGKILL);
  expect_nothing_lost(*host);
}

TEST_F(StopDatabase, ThatEndsWhileTheHostStopsEndsTheWaitingToo) {
  auto host = start({.grace_seconds = 600});
  const auto task = submit_blocker(host->http(), true);
  host->signal(SIGTERM);
  ASSERT_TRUE(host->wait_for_output("stopping"));
  ::kill(static_cast<pid_t>(std::stol(read_file(place_->path("data/pgdata/postmaster.pid")))), SIGKILL);
  EXPECT_EQ(host->wait_for_exit(std::chrono::seconds(40)), 0) << "the grace time would pass in vain";
  host = start();
  write_file(gate(), "");
  EXPECT_EQ(host->http().ended(task).at("detail"), "complete");
}

TEST_F(StopDatabase, ThatIsGoneEndsTheHostAndTheNextStartLosesNothing) {
  auto host = start({.grace_seconds = 600});
  begin(*host);
  ::kill(static_cast<pid_t>(std::stol(read_file(place_->path("data/pgdata/postmaster.pid")))), SIGKILL);
  EXPECT_EQ(host->wait_for_exit(std::chrono::seconds(40)), 1) << "nothing can be committed: the grace time would pass in vain";
  EXPECT_THAT(host->output(), HasSubstr("the private PostgreSQL ended by itself"));
  EXPECT_THAT(test::read_file(place_->path("dev.log")), HasSubstr("the private PostgreSQL ended by itself"));
  host = start();
  expect_nothing_lost(*host);
}

}  // namespace
}  // namespace tasker::test
