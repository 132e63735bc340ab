// SIGHUP to `tasker serve`: what a running host takes of its configuration, what it says of the rest, and that a bad file
// changes nothing.
#include <gmock/gmock.h>
#include <signal.h>

#include <sstream>

#include "support/temp_db.h"
#include "system/support/workplace.h"

namespace tasker::test {
namespace {

using testing::HasSubstr;

class ReloadConfiguration : public testing::Test {
 protected:
  void SetUp() override {
    file_ = place_.configuration(database_.conninfo(), {}, "host");
    before_ = read_file(file_);
    host_ = place_.serve(database_.conninfo());
    ASSERT_TRUE(host_->wait_until_ready());
  }
  std::string log() const { return read_file(place_.path("host.log")); }
  bool logs(const std::string& text) const {
    return eventually([&] { return std::filesystem::exists(place_.path("host.log")) && log().find(text) != std::string::npos; });
  }
  void reload_with(const std::string& change_from, const std::string& change_to) {
    auto text = before_;
    text.replace(text.find(change_from), change_from.size(), change_to);
    write_file(file_, text);
    host_->signal(SIGHUP);
  }

  TempDb database_;
  Workplace place_;
  std::string file_, before_;
  std::unique_ptr<TaskerProcess> host_;
};

TEST_F(ReloadConfiguration, TakesTheLogAndSaysWhatWaitsForTheNextStart) {
  reload_with("workers: 16", "workers: 3");
  ASSERT_TRUE(logs("was read again, 0 keys changed, 1 cannot until the next start"));
  EXPECT_THAT(log(), HasSubstr("engine.workers cannot change while the host runs: it stays 16 until the next start, then it is 3"));

  // The last line that comes by itself, in the format from before.
  ASSERT_TRUE(logs("the configuration has a section for plugin default/order_process"));
  const auto before = log().size();
  reload_with("  file:", "  level: debug\n  format: json\n  file:");
  ASSERT_TRUE(logs("\"message\":\"SIGHUP: the configuration was read again, 2 keys changed"));
  std::istringstream lines(log().substr(before));
  for (std::string line; std::getline(lines, line);) EXPECT_TRUE(Json::accept(line)) << line;
  EXPECT_THAT(log(), HasSubstr("log.level is now debug, it was info"));

  place_.drop("test/echo-1.0.0.so");
  ASSERT_TRUE(logs("plugin test/echo 1.0.0: settling -> intake"));
  ASSERT_TRUE(eventually([&] { return host_->http().has_loaded("echo"); }));
  host_->signal(SIGTERM);
  EXPECT_EQ(host_->wait_for_exit(), 0);
}

TEST_F(ReloadConfiguration, ABadFileChangesNothing) {
  reload_with("engine:", "enigne:");
  ASSERT_TRUE(logs("SIGHUP: the configuration stays as it was: " + file_));
  EXPECT_THAT(log(), HasSubstr("did you mean engine?"));
  write_file(file_, before_ + "  format: json\n");
  host_->signal(SIGHUP);
  ASSERT_TRUE(logs("1 key changed"));
  EXPECT_EQ(host_->http().get("/tasker/health/ready").status, 200);
}

// What logrotate does.
TEST_F(ReloadConfiguration, OpensALogThatWasMovedAwayAnew) {
  std::filesystem::rename(place_.path("host.log"), place_.path("host.log.1"));
  host_->signal(SIGHUP);
  EXPECT_TRUE(logs("the configuration was read again, 0 keys changed"));
}

}  // namespace
}  // namespace tasker::test
