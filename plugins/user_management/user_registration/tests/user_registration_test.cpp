// user_management/user_registration as built: by plan, twice, and with a mail service that takes no more.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <barrier>
#include <thread>

#include "example_plugins/example.h"

namespace tasker::test {
namespace {

using nlohmann::json;

const char* const kSteps[] = {"create_user_account", "setup_billing_profile", "initialize_preferences",
                              "send_welcome_sequence", "update_user_status"};

json registration(const char* plan, const json& more = json::object()) {
  json context = {{"email", "Ida@mail.example"}, {"username", "ida"}, {"name", "Ida Nor"}, {"plan", plan}};
  context.update(more);
  return context;
}
std::size_t mails(const Example& shop) {
  const std::filesystem::directory_iterator files(shop.path("outbox"));
  return static_cast<std::size_t>(std::distance(begin(files), end(files)));
}

TEST(Item91Registration, EachPlanHasItsOwnBillingPreferencesAndMails) {
  const auto run = [](const char* plan, std::size_t letters) {
    Example shop("user_management/user_registration-1.0.0");
    auto task = shop.task(registration(plan, {{"preferences", {{"digest", "never"}}}}));
    for (const char* step : kSteps) task.result(step);
    EXPECT_EQ(mails(shop), letters) << plan;
    return json::parse(read_file(task.results["update_user_status"]["user"].get<std::string>()));
  };
  EXPECT_EQ(run("free", 1)["billing"], nullptr);
  const json pro = run("pro", 2);
  EXPECT_TRUE(pro["billing"].is_string());
  EXPECT_EQ(pro["status"], "active");
  EXPECT_EQ(pro["preferences"], json({{"newsletter", true}, {"digest", "never"}, {"seats", 5}}));
  EXPECT_EQ(run("enterprise", 3)["preferences"]["seats"], 100);
}

TEST(Item91Registration, TheSameAddressTwiceIsTheSameUserAndIsWelcomedOnce) {
  Example shop("user_management/user_registration-1.0.0");
  auto first = shop.task(registration("pro")), second = shop.task(registration("pro"));
  for (const char* step : kSteps) first.result(step);
  std::filesystem::remove_all(shop.path("outbox"));  // the mails have gone out
  std::filesystem::create_directory(shop.path("outbox"));
  for (const char* step : kSteps) second.result(step);
  EXPECT_EQ(second.results["create_user_account"]["replayed"], true);
  EXPECT_EQ(second.results["create_user_account"]["user_id"],
            first.results["create_user_account"]["user_id"]);
  EXPECT_EQ(mails(shop), 0U);

  EXPECT_EQ(shop.task(registration("free")).code("create_user_account"), "user.conflict");
  EXPECT_EQ(shop.task(registration("pro", {{"username", "ida2"}})).code("create_user_account"),
            "user.conflict");
  EXPECT_EQ(shop.task(registration("pro", {{"email", "eva@mail.example"}})).code("create_user_account"),
            "user.username_taken");
}

TEST(Item91Registration, OfTwoThatWantOneNameAtTheSameTimeOneGetsItAndTheOtherIsToldSo) {
  const Example shop("user_management/user_registration-1.0.0");
  constexpr int kNames = 200;
  std::barrier start(2);
  std::vector<std::string> codes[2];
  const auto register_all = [&](int side) {
    const PluginFile office("user_management/user_registration-1.0.0",
                            {{"shop_dir", shop.path("").string()}});
    for (int i = 0; i < kNames; ++i) {
      const std::string name = "name" + std::to_string(i), who = std::to_string(side);
      const json context =
          registration("pro", {{"username", name}, {"email", name + "@" + who + ".example"}});
      start.arrive_and_wait();
      codes[side].push_back(office.run({kSteps[0], who + "-" + std::to_string(i), "", 1, context}).code);
    }
  };
  std::thread other(register_all, 1);
  register_all(0);
  other.join();
  for (int i = 0; i < kNames; ++i) EXPECT_EQ(codes[0][i] + codes[1][i], "user.username_taken") << "name" << i;
  EXPECT_EQ(shop.ledger().size(), static_cast<std::size_t>(kNames));
}

TEST(Item91Registration, ARateLimitedNotifierIsRetryable) {
  Example shop("user_management/user_registration-1.0.0", {{"outbox_limit", 3}});
  for (const char* name : {"outbox/somebody-elses.eml", "outbox/and-another.eml"})
    write_file(shop.path(name), "To: <bob@mail.example>\n\n");
  auto task = shop.task(registration("pro"));
  for (const char* step : {kSteps[0], kSteps[1], kSteps[2]}) task.result(step);
  const Answer limited = task.run("send_welcome_sequence");
  EXPECT_EQ(limited.kind, TASKER_RETRY);
  EXPECT_EQ(limited.code, "notifier.rate_limited");
  EXPECT_EQ(limited.retry_after_ms, 500U);
  EXPECT_EQ(mails(shop), 2U) << "not one of the two was sent";
  std::filesystem::remove(shop.path("outbox/somebody-elses.eml"));
  task.result("send_welcome_sequence");
  EXPECT_EQ(mails(shop), 3U);
}

TEST(Item91Registration, TheSmallestLimitHasRoomForTheMailsOfEveryPlan) {
  EXPECT_EQ(
      PluginFile::refusal("user_management/user_registration-1.0.0", {{"shop_dir", "/"}, {"outbox_limit", 2}})
          .code,
      "config.invalid");
  Example shop("user_management/user_registration-1.0.0", {{"outbox_limit", 3}});
  auto task = shop.task(registration("enterprise"));
  for (const char* step : {kSteps[0], kSteps[1], kSteps[2]}) task.result(step);
  // What an attempt has left that was killed before it could record them.
  const std::string user = task.results["create_user_account"]["user_id"];
  write_file(shop.path("outbox/" + user + "-welcome-1.eml"), "");
  task.result("send_welcome_sequence");
  EXPECT_EQ(mails(shop), 3U);
}

TEST(Item91Registration, WishesThatNoPlanHasAreFinal) {
  Example shop("user_management/user_registration-1.0.0");
  const auto code = [&](const json& wishes) {
    return shop.task(registration("free", {{"preferences", wishes}})).code("initialize_preferences");
  };
  EXPECT_EQ(code({{"seats", 3}}), "");
  EXPECT_EQ(code({{"seats", "many"}}), "preferences.malformed");
  EXPECT_EQ(code({{"colour", "red"}}), "preferences.unknown");
}

}  // namespace
}  // namespace tasker::test
