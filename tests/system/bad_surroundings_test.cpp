// A database that is away, refuses or is silent, no descriptors, a clock that jumps, signals at any moment: what a host
// says then, and that nothing is lost. Disks that are full are in disk_full_test, stops of a quiet host in stop_test.
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/resource.h>

#include <boost/asio.hpp>
#include <fstream>
#include <set>

#include "support/sql_client.h"
#include "support/temp_db.h"
#include "system/support/workplace.h"
#include "unit/http/raw_client.h"

namespace tasker::test {
namespace {

using boost::asio::ip::tcp;
using testing::HasSubstr;

// Tasks that each write four different lines into a file.
class Ledger {
 public:
  explicit Ledger(std::filesystem::path file) : file_(std::move(file)) {}
  void submit(const HttpClient& http, int count) {
    const auto ids =
        http.submit_many({{"name", "ledger"}, {"namespace", "test"}, {"context", {{"ledger", file_.string()}}}}, count);
    tasks_.insert(tasks_.end(), ids.begin(), ids.end());
  }
  std::size_t lines() const {
    std::set<std::string> keys;
    std::ifstream in(file_);
    for (std::string line; std::getline(in, line);) keys.insert(line);
    return keys.size();
  }
  void expect_nothing_lost(const HttpClient& http) const {
    for (const auto id : tasks_) {
      const auto task = http.ended(id);
      ASSERT_EQ(task.value("detail", ""), "complete") << task.dump(1);
    }
    EXPECT_EQ(lines(), tasks_.size() * 4);
  }

 private:
  std::filesystem::path file_;
  std::vector<std::int64_t> tasks_;
};

class Surroundings : public testing::Test {
 protected:
  std::unique_ptr<TaskerProcess> start(const std::vector<std::string>& plugins, const Tuning& tuning = {}) {
    for (const auto& plugin : plugins)
      if (!std::filesystem::exists(place_.plugins() / ("test/" + plugin + "-1.0.0.so"))) place_.drop("test/" + plugin + "-1.0.0.so");
    auto host = place_.serve(database_.conninfo(), tuning);
    EXPECT_TRUE(host->wait_until_ready());
    for (const auto& plugin : plugins) EXPECT_TRUE(eventually([&] { return host->http().has_loaded(plugin); })) << plugin;
    return host;
  }
  std::string log() const { return read_file(place_.path("host.log")); }

  TempDb database_;
  Workplace place_;
};

TEST_F(Surroundings, ADatabaseThatIsDownAtStartIsSaidWithItsCode) {
  for (const std::string nowhere : {"host=/nowhere dbname=x", "host=127.0.0.1 port=1 dbname=x"}) {
    const auto host = place_.serve(nowhere);
    EXPECT_EQ(host->wait_for_exit(), 6);
    EXPECT_THAT(host->output(), HasSubstr("tasker: database.unavailable: "));
  }
}

// Registering reads the records of crashes that lie there and takes them away: what others may write there is not read.
TEST_F(Surroundings, AStateFolderThatOthersMayReadIsRefusedBeforeTheHostRegisters) {
  const auto folder = place_.path("host-state");
  std::filesystem::create_directory(folder);
  std::filesystem::permissions(folder, std::filesystem::perms(0755));
  const auto host = place_.serve(database_.conninfo());
  EXPECT_EQ(host->wait_for_exit(), 1);
  EXPECT_THAT(host->output(), HasSubstr("tasker: plugin.state_dir: "));
  SqlClient sql(database_.conninfo());
  EXPECT_EQ(sql.value("select count(*) from tasker.host"), "0");
}

// The kernel takes the connection, and nobody ever answers.
TEST_F(Surroundings, SigtermEndsAStartThatWaitsForASilentDatabase) {
  boost::asio::io_context io;
  tcp::acceptor silent(io, {boost::asio::ip::address_v4::loopback(), 0});
  const auto host = place_.serve("host=127.0.0.1 port=" + std::to_string(silent.local_endpoint().port()) +
                                 " dbname=x user=x connect_timeout=600 sslmode=disable gssencmode=disable");
  const auto connection = silent.accept();
  EXPECT_TRUE(host->wait_for_output("waiting for the database: connecting")) << "silence would look like a hang";
  host->signal(SIGTERM);
  EXPECT_EQ(host->wait_for_exit(), 130);
  EXPECT_THAT(host->output(), HasSubstr("command.interrupted: interrupted while the host was starting"));
}

TEST_F(Surroundings, ADatabaseThatRefusesForAWhileLosesNothing) {
  auto host = start({"ledger"});
  Ledger ledger(place_.path("ledger.txt"));
  ledger.submit(host->http(), 1000);
  ASSERT_TRUE(eventually([&] { return ledger.lines() > 100; }));
  SqlClient admin(TempDb::conninfo_of("postgres"));
  admin.exec("alter database " + database_.name() + " allow_connections false");
  const auto end_all = "select pg_terminate_backend(pid) from pg_stat_activity where datname = '" + database_.name() + "'";
  admin.exec(end_all);
  ASSERT_TRUE(eventually([&] {
    const auto ready = host->http().get("/tasker/health/ready");
    return ready.status == 503 && ready.text.find(R"("message":"database.unavailable: cannot connect)") != std::string::npos;
  }));
  EXPECT_EQ(host->http().get("/tasker/health/live").status, 200);
  const auto refused = host->http().get("/tasker/tasks");
  EXPECT_EQ(refused.status, 503);
  EXPECT_EQ(refused.code(), "database.unavailable") << refused.text;
  const auto told = run_tasker({"task", "list", "--server", "http://127.0.0.1:" + std::to_string(host->http().port())});
  EXPECT_EQ(told.exit_code, 6) << told.err;
  EXPECT_THAT(told.err, HasSubstr("database.unavailable"));

  admin.exec("alter database " + database_.name() + " allow_connections true");
  ASSERT_TRUE(eventually([&] { return host->http().get("/tasker/health/ready").status == 200; }));
  ledger.submit(host->http(), 10);
  ledger.expect_nothing_lost(host->http());
}

// As after a failover that left the old primary behind: reads would be answered, and nothing could be written.
TEST_F(Surroundings, ADatabaseThatBecomesReadOnlyIsWaitedFor) {
  auto host = start({"ledger"});
  Ledger ledger(place_.path("ledger.txt"));
  ledger.submit(host->http(), 500);
  SqlClient admin(TempDb::conninfo_of("postgres"));
  admin.exec("alter database " + database_.name() + " set default_transaction_read_only = on");
  admin.exec("select pg_terminate_backend(pid) from pg_stat_activity where datname = '" + database_.name() +
             "' and application_name like 'tasker%' and pid <> pg_backend_pid()");
  ASSERT_TRUE(eventually([&] { return host->http().get("/tasker/health/ready").status == 503; }));
  EXPECT_TRUE(eventually([&] { return host->http().get("/tasker/health/ready").text.find("read-only") != std::string::npos; }));
  const auto listed = host->http().get("/tasker/tasks");
  EXPECT_EQ(listed.code(), "database.unavailable") << listed.text;
  admin.exec("alter database " + database_.name() + " reset default_transaction_read_only");
  ASSERT_TRUE(eventually([&] { return host->http().get("/tasker/health/ready").status == 200; }));
  ledger.submit(host->http(), 10);
  ledger.expect_nothing_lost(host->http());
}

TEST_F(Surroundings, WithoutDescriptorsTheHostWaitsAndGoesOn) {
  auto host = start({"ledger"});
  Ledger ledger(place_.path("ledger.txt"));
  ledger.submit(host->http(), 100);
  ledger.expect_nothing_lost(host->http());
  rlimit before{};
  ASSERT_EQ(::prlimit(host->pid(), RLIMIT_NOFILE, nullptr, &before), 0);
  std::size_t open = 0;
  for (const auto& each : std::filesystem::directory_iterator("/proc/" + std::to_string(host->pid()) + "/fd")) open += each.exists();
  rlimit few = before;
  few.rlim_cur = open + 4;
  ASSERT_EQ(::prlimit(host->pid(), RLIMIT_NOFILE, &few, nullptr), 0);
  {
    std::vector<std::unique_ptr<http::RawClient>> held;
    for (int i = 0; i < 40; ++i) held.push_back(std::make_unique<http::RawClient>(host->http().port()));
    EXPECT_TRUE(eventually([&] { return log().find("no connection can be taken") != std::string::npos; }));
    EXPECT_THAT(log(), HasSubstr("Too many open files"));
  }
  ASSERT_TRUE(eventually([&] { return host->http().get("/tasker/health/ready").status == 200; }));
  ledger.submit(host->http(), 100);
  ledger.expect_nothing_lost(host->http());

  EXPECT_THAT(log(), testing::Not(HasSubstr("is draining")));
}

// A plugin needs descriptors to be looked at; it is taken once there are some. What is loaded does not notice.
TEST_F(Surroundings, APluginThatComesWhileThereAreNoDescriptorsIsTakenLater) {
  auto host = start({"counter"});
  const Json task{{"name", "counter"}, {"namespace", "test"}, {"context", Json::object()}};
  for (int i = 0; i < 32; ++i) host->http().ended(host->http().submit(task));  // every connection to the database is open now
  rlimit before{};
  ASSERT_EQ(::prlimit(host->pid(), RLIMIT_NOFILE, nullptr, &before), 0);
  http::RawClient open_already(host->http().port());
  ASSERT_EQ(open_already.ask(http::get("/tasker/health/live")).status, 200);
  rlimit few = before;
  few.rlim_cur = 3;
  ASSERT_EQ(::prlimit(host->pid(), RLIMIT_NOFILE, &few, nullptr), 0);
  const auto from = log().size();
  place_.drop("test/echo-1.0.0.so");
  EXPECT_TRUE(eventually([&] { return log().find("Too many open files", from) != std::string::npos; }));
  const auto submitted = open_already.ask(http::post("/tasker/tasks", task.dump()));
  EXPECT_EQ(submitted.status, 201) << submitted.body;
  EXPECT_THAT(log(), testing::Not(HasSubstr("is draining")));
  ASSERT_EQ(::prlimit(host->pid(), RLIMIT_NOFILE, &before, nullptr), 0);
  EXPECT_TRUE(eventually([&] { return host->http().has_loaded("echo"); }));
  EXPECT_THAT(log(), testing::Not(HasSubstr("is draining")));
}

// The host's wall clock; the database's only decides when delayed steps are due (steps that are ready do not wait for it).
TEST_F(Surroundings, AClockThatIsSetBackStopsNothing) {
  if (std::string_view(TASKER_SANITIZED) != "") GTEST_SKIP() << "a sanitizer cannot be preloaded over";
  const auto flag = place_.path("clock-is-back");
  for (const char* plugin : {"ledger", "flaky", "waits", "blocker"}) place_.drop(std::string("test/") + plugin + "-1.0.0.so");
  TaskerProcess host({"serve", "--config", place_.configuration(database_.conninfo(), {}, "host")}, place_.path("host.out"),
                     {"LD_PRELOAD=" + (std::filesystem::path(TASKER_BINARY_DIR) / "tests/support/clock_back.so").string(),
                      "CLOCK_BACK_FILE=" + flag.string()});
  host.also_show(place_.path("host.log"));
  ASSERT_TRUE(host.wait_until_ready());
  const auto& http = host.http();
  Ledger ledger(place_.path("ledger.txt"));
  ledger.submit(http, 500);
  const auto gate = place_.path("gate"), inside = place_.path("inside");
  const auto running = http.submit({{"name", "blocker"}, {"namespace", "test"},
                                    {"context", {{"until", gate.string()}, {"started", inside.string()}}}});
  ASSERT_TRUE(eventually([&] { return std::filesystem::exists(inside); }));
  write_file(flag, "");
  place_.drop("test/echo-1.0.0.so");
  ASSERT_TRUE(eventually([&] { return http.has_loaded("echo"); })) << "files settle by the monotonic clock";
  const auto time_of = [text = log()](const std::string& what) {
    const auto line = text.rfind('\n', text.find(what));
    return text.substr(line == std::string::npos ? 0 : line + 1, 19);
  };
  EXPECT_LT(time_of("plugin test/echo 1.0.0 is active"), time_of("registered")) << "the clock was not set back";

  for (const Json& task : {Json{{"name", "flaky"}, {"context", {{"failures", 1}, {"retry_after_ms", 50}}}},
                           Json{{"name", "waits"}, {"context", {{"times", 2}, {"delay_ms", 5}}}}}) {
    auto whole = task;
    whole["namespace"] = "test";
    EXPECT_EQ(http.ended(http.submit(whole)).value("detail", ""), "complete") << task;
  }
  write_file(gate, "");
  EXPECT_EQ(http.ended(running).value("detail", ""), "complete");
  ledger.submit(http, 100);
  ledger.expect_nothing_lost(http);
  EXPECT_THAT(log(), testing::Not(HasSubstr("declared dead")));
  host.signal(SIGTERM);
  EXPECT_EQ(host.wait_for_exit(), 0);
}

// From before the first line to the middle of the work. The last start finishes what all the others began.
TEST_F(Surroundings, SigtermInEveryPhaseLosesNothing) {
  auto host = start({"ledger"});
  Ledger ledger(place_.path("ledger.txt"));
  ledger.submit(host->http(), 1000);
  host->signal(SIGTERM);
  EXPECT_EQ(host->wait_for_exit(), 0) << "while tasks that were just submitted begin";
  const auto logged = [&](const std::string& what, std::size_t from) {
    return [this, what, from] { return log().find(what, from) != std::string::npos; };
  };
  for (const std::string phase : {"", "host ", "registered", "is active", "ready", "working"}) {
    const auto from = log().size();
    const auto lines = ledger.lines();
    host = place_.serve(database_.conninfo(), {.grace_seconds = 5});
    if (phase == "ready") {
      ASSERT_TRUE(host->wait_until_ready());
    } else if (phase == "working") {
      ASSERT_TRUE(eventually([&] { return ledger.lines() > lines || ledger.lines() == 4000; }));
    } else if (!phase.empty()) {
      ASSERT_TRUE(eventually(logged(phase, from)));
    }
    host->signal(SIGTERM);
    const auto code = host->wait_for_exit();
    ASSERT_TRUE(code) << "it runs on after SIGTERM at '" << phase << "'";
    // Before the handler is there, and while it starts, the signal's own or the interrupted start's.
    EXPECT_TRUE(*code == 0 || *code == 130 || (phase.empty() && *code == 128 + SIGTERM)) << phase << ": " << *code;
  }
  host = start({"ledger"});
  ledger.expect_nothing_lost(host->http());
}

}  // namespace
}  // namespace tasker::test
