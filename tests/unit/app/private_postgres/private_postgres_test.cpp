// The private PostgreSQL with a real server: made, started, stopped, found again after its host was killed.
#include "app/private_postgres.h"

#include <gtest/gtest.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <future>

#include "app/account.h"
#include "app/child_process.h"
#include "app/postgres_binaries.h"
#include "app/postmaster.h"

namespace tasker::app {
namespace {

namespace fs = std::filesystem;

class PrivatePostgresTest : public testing::Test {
 protected:
  // One database for most tests: initdb is by far the slowest part.
  static void SetUpTestSuite() {
    char folder[] = "/tmp/tasker-pg-test-XXXXXX";
    root_ = ::mkdtemp(folder);
    fs::permissions(root_, fs::perms(0755));
  }
  static void TearDownTestSuite() { fs::remove_all(root_); }
  void TearDown() override { EXPECT_TRUE(end_server_of(root_ / "data" / "pgdata", std::chrono::seconds(20))); }
  PrivatePostgres::Options options() { return {.data_dir = root_ / "data"}; }

  // The last line that psql prints for one statement.
  std::string ask(const PrivatePostgres& server, const std::string& statement) {
    const auto folder = find_postgres()->folder;
    const auto answer =
        run({.argv = {(folder / "psql").string(), "-XAtq", "-c", statement, server.connection_string()}},
            std::chrono::seconds(20));
    if (!answer) return answer.error().message;
    auto text = answer->output;
    while (text.ends_with('\n')) text.pop_back();
    return text;
  }

  static inline fs::path root_;
};

TEST_F(PrivatePostgresTest, IsMadeWithSafeSettingsAndStopsOnRequest) {
  auto server = PrivatePostgres::start(options());
  ASSERT_TRUE(server) << server.error().message;
  EXPECT_EQ(ask(**server, "SELECT current_database() || ' ' || current_user"), "tasker tasker");
  EXPECT_EQ(ask(**server, "SHOW fsync"), "on");
  EXPECT_EQ(ask(**server, "SHOW synchronous_commit"), "on");
  EXPECT_EQ(ask(**server, "SHOW listen_addresses"), "");
  EXPECT_EQ(ask(**server, "SHOW server_encoding"), "UTF8");
  EXPECT_EQ(ask(**server, "SHOW jit"), "off");
  const auto pid = (*server)->server_pid();
  EXPECT_GT(pid, 0);
  EXPECT_NE(::getsid(pid), ::getsid(0));
  ASSERT_TRUE((*server)->stop());
  EXPECT_FALSE((*server)->is_running());
  EXPECT_TRUE((*server)->stop()) << "a second stop is harmless";
  EXPECT_TRUE(processes_in(root_ / "data" / "pgdata").empty());
}

TEST_F(PrivatePostgresTest, KeepsItsDataUntilCleanIsAsked) {
  {
    auto server = PrivatePostgres::start(options());
    ASSERT_TRUE(server) << server.error().message;
    ask(**server, "CREATE TABLE kept (n int)");
  }
  {
    auto server = PrivatePostgres::start(options());
    ASSERT_TRUE(server) << server.error().message;
    EXPECT_EQ(ask(**server, "SELECT to_regclass('kept')"), "kept");
  }
  auto clean = options();
  clean.clean = true;
  auto server = PrivatePostgres::start(clean);
  ASSERT_TRUE(server) << server.error().message;
  EXPECT_EQ(ask(**server, "SELECT to_regclass('kept') IS NULL"), "t");
}

TEST_F(PrivatePostgresTest, RefusesASecondHostOnTheSameFolder) {
  auto first = PrivatePostgres::start(options());
  ASSERT_TRUE(first) << first.error().message;
  auto second = PrivatePostgres::start(options());
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, Code::data_dir_in_use);
  EXPECT_NE(second.error().message.find(std::to_string(::getpid())), std::string::npos) << second.error().message;
  EXPECT_EQ(ask(**first, "SELECT 1"), "1") << "the first is not disturbed";
}

TEST_F(PrivatePostgresTest, RunsAsAnotherAccountWhenWeAreRoot) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  auto server = PrivatePostgres::start(options());
  ASSERT_TRUE(server) << server.error().message;
  EXPECT_NE(ask(**server, "SELECT 1"), "");
  std::ifstream status("/proc/" + std::to_string((*server)->server_pid()) + "/status");
  std::string word;
  uid_t uid = 0;
  while (status >> word && word != "Uid:") {
  }
  status >> uid;
  EXPECT_EQ(uid, server_account()->value().uid);
}

TEST_F(PrivatePostgresTest, NamesTheClosedFolderThatTheServerCannotEnter) {
  if (::geteuid() != 0) GTEST_SKIP() << "needs root";
  fs::create_directories(root_ / "home");
  fs::permissions(root_ / "home", fs::perms(0700));
  auto server = PrivatePostgres::start({.data_dir = root_ / "home" / "data"});
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code, Code::data_dir_unusable);
  EXPECT_NE(server.error().message.find((root_ / "home").string()), std::string::npos) << server.error().message;
}

TEST_F(PrivatePostgresTest, PutsTheSocketElsewhereWhenThePathIsTooLong) {
  const auto deep = root_ / std::string(60, 'd') / std::string(60, 'e');
  auto server = PrivatePostgres::start({.data_dir = deep});
  ASSERT_TRUE(server) << server.error().message;
  EXPECT_EQ((*server)->connection_string().find(deep.string()), std::string::npos);
  EXPECT_EQ(ask(**server, "SELECT 1"), "1");
}

TEST_F(PrivatePostgresTest, LeavesNothingHalfMadeWhenItIsInterrupted) {
  int ends[2];
  ASSERT_EQ(::pipe(ends), 0);
  ASSERT_EQ(::write(ends[1], "s", 1), 1);
  const auto server = PrivatePostgres::start({.data_dir = root_ / "interrupted", .cancel_fd = ends[0]});
  ::close(ends[0]);
  ::close(ends[1]);
  ASSERT_FALSE(server);
  EXPECT_EQ(code_text(server.error().code), "command.interrupted") << server.error().message;
  EXPECT_FALSE(fs::exists(root_ / "interrupted" / "pgdata"));
  EXPECT_FALSE(fs::exists(root_ / "interrupted" / "pgdata.new"));
}

TEST_F(PrivatePostgresTest, SaysThatThereIsNoServerToStart) {
  ::setenv("TASKER_PG_BIN", "/nowhere", 1);
  const auto server = PrivatePostgres::start({.data_dir = root_ / "without"});
  ::unsetenv("TASKER_PG_BIN");
  ASSERT_FALSE(server);
  EXPECT_EQ(code_text(server.error().code), "postgres.not_found");
  EXPECT_NE(server.error().message.find("apt-get install postgresql"), std::string::npos) << server.error().message;
}

TEST_F(PrivatePostgresTest, ReportsWhyTheServerDidNotStart) {
  auto broken = options();
  broken.extra_settings = {{"max_connections", "not-a-number"}};
  auto server = PrivatePostgres::start(broken);
  ASSERT_FALSE(server);
  EXPECT_EQ(server.error().code, Code::postgres_start_failed);
  EXPECT_NE(server.error().message.find("max_connections"), std::string::npos) << server.error().message;
}

TEST_F(PrivatePostgresTest, TellsWhenTheServerEndsUnasked) {
  std::promise<void> told;
  auto watched = options();
  watched.on_unexpected_exit = [&] { told.set_value(); };
  auto server = PrivatePostgres::start(watched);
  ASSERT_TRUE(server) << server.error().message;
  ::kill((*server)->server_pid(), SIGINT);
  ASSERT_EQ(told.get_future().wait_for(std::chrono::seconds(30)), std::future_status::ready);
  EXPECT_FALSE((*server)->is_running());
}

// A host in a process of its own, which tells through a pipe that its server is ready and then waits to be killed.
pid_t start_host_process(const PrivatePostgres::Options& options) {
  int ends[2];
  if (::pipe(ends) != 0) return -1;
  const pid_t host = ::fork();
  if (host == 0) {
    auto server = PrivatePostgres::start(options);
    const char answer = server ? 'y' : 'n';
    (void)!::write(ends[1], &answer, 1);
    for (;;) ::pause();
  }
  char answer = 'n';
  ::close(ends[1]);
  if (::read(ends[0], &answer, 1) != 1) answer = 'n';
  ::close(ends[0]);
  return answer == 'y' ? host : -1;
}

TEST_F(PrivatePostgresTest, StartsAgainAfterItsHostWasKilled) {
  for (int round = 0; round < 2; ++round) {
    const pid_t host = start_host_process(options());
    ASSERT_GT(host, 0);
    ::kill(host, SIGKILL);
    ::waitpid(host, nullptr, 0);
    auto server = PrivatePostgres::start(options());
    ASSERT_TRUE(server) << server.error().message;
    EXPECT_EQ(ask(**server, "SELECT 1"), "1");
  }
}

TEST_F(PrivatePostgresTest, StartsAgainAfterHostAndServerWereKilled) {
  const pid_t host = start_host_process(options());
  ASSERT_GT(host, 0);
  const auto file = read_postmaster_file(root_ / "data" / "pgdata");
  ASSERT_TRUE(file);
  ::kill(file->pid, SIGKILL);
  ::kill(host, SIGKILL);
  ::waitpid(host, nullptr, 0);
  auto server = PrivatePostgres::start(options());
  ASSERT_TRUE(server) << server.error().message;
  EXPECT_EQ(ask(**server, "SELECT 1"), "1");
}

TEST_F(PrivatePostgresTest, TakesAPidFileOfARecycledProcessForStale) {
  { ASSERT_TRUE(PrivatePostgres::start(options())); }
  std::ofstream(root_ / "data" / "pgdata" / "postmaster.pid") << ::getpid() << "\n";
  auto server = PrivatePostgres::start(options());
  ASSERT_TRUE(server) << server.error().message;
}

}  // namespace
}  // namespace tasker::app
