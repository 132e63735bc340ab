// Steps that fail: again while attempts are left, for good when told so, and what the API says about it afterwards.
#include "support/temp_db.h"
#include "system/support/workplace.h"

namespace tasker::test {
namespace {

// One host for all: nothing here disturbs it.
class Retries : public testing::Test {
 protected:
  static void SetUpTestSuite() {
    database_ = new TempDb;
    place_ = new Workplace;
    for (const char* plugin : {"echo", "flaky", "fails_for_good", "waits", "throws", "bad_json"})
      place_->drop(std::string("test/") + plugin + "-1.0.0.so");
    host_ = place_->serve(database_->conninfo()).release();
    ASSERT_TRUE(host_->wait_until_ready());
    for (const char* plugin : {"echo", "flaky", "fails_for_good", "waits", "throws", "bad_json"})
      ASSERT_TRUE(eventually([&] { return http().has_loaded(plugin); })) << plugin;
  }
  static void TearDownTestSuite() {
    delete host_;
    delete place_;
    delete database_;
  }
  static const HttpClient& http() { return host_->http(); }
  static Json run(const std::string& name, const Json& context = Json::object()) {
    return http().ended(http().submit({{"name", name}, {"namespace", "test"}, {"context", context}}));
  }

  static inline TempDb* database_ = nullptr;
  static inline Workplace* place_ = nullptr;
  static inline TaskerProcess* host_ = nullptr;
};

Json only_step(const Json& task) { return task.at("workflow_steps").at(0); }

TEST_F(Retries, SucceedAtTheSecondAttempt) {
  const auto task = run("flaky", {{"failures", 1}, {"retry_after_ms", 20}});
  EXPECT_EQ(task.at("detail"), "complete");
  const auto step = only_step(task);
  EXPECT_EQ(step.at("attempts"), 2);
  ASSERT_EQ(step.at("attempt_history").size(), 2u);
  EXPECT_EQ(step.at("attempt_history")[0].at("outcome"), "retry");
  EXPECT_EQ(step.at("attempt_history")[0].at("message"), "attempt 1 fails on purpose");
  EXPECT_EQ(step.at("attempt_history")[1].at("outcome"), "ok");
  EXPECT_EQ(step.at("results"), (Json{{"attempt", 2}}));
}

TEST_F(Retries, EndTheTaskInErrorOnceTheyAreUsedUp) {
  const auto task = run("flaky", {{"failures", 100}, {"retry_after_ms", 5}});
  EXPECT_EQ(task.at("detail"), "error");
  EXPECT_EQ(task.at("complete"), false);
  const auto step = only_step(task);
  EXPECT_EQ(step.at("attempts"), 5);
  EXPECT_EQ(step.at("retry_limit"), 5);
  EXPECT_EQ(step.at("last_error").at("message"), "attempt 5 fails on purpose");
}

TEST_F(Retries, AreNotMadeForAFailureForGood) {
  const auto task = run("fails_for_good", {{"code", "card.declined"}});
  EXPECT_EQ(task.at("detail"), "error");
  const auto step = only_step(task);
  EXPECT_EQ(step.at("attempts"), 1);
  EXPECT_EQ(step.at("attempt_history").size(), 1u);
  EXPECT_EQ(step.at("last_error").at("code"), "card.declined");
}

TEST_F(Retries, AreNotSpentByWaiting) {
  const auto task = run("waits", {{"times", 4}, {"delay_ms", 5}});
  EXPECT_EQ(task.at("detail"), "complete");
  EXPECT_EQ(only_step(task).at("attempts"), 1);
  EXPECT_EQ(only_step(task).at("attempt_history").size(), 5u);
}

TEST_F(Retries, EndBadAnswersWithTheirCodeAndLeaveTheHostRunning) {
  EXPECT_EQ(only_step(run("bad_json")).at("last_error").at("code"), "plugin.bad_result");
  EXPECT_EQ(run("echo").at("detail"), "complete");
}

}  // namespace
}  // namespace tasker::test
