// customer/user_onboarding as built, against the sample users.
#include <gtest/gtest.h>

#include "example_plugins/example.h"
#include "support/local_server.h"

namespace tasker::test {
namespace {

using nlohmann::json;

TEST(UserOnboarding, AddressAndNameAreBroughtIntoTheirUsualForm) {
  Example shop("customer/user_onboarding-1.0.0");
  auto task = shop.task({{"email", "Ida@Mail.Example"}, {"username", "Ida.Nor"}});
  EXPECT_EQ(task.result("validate_registration_data"),
            json({{"email", "ida@mail.example"}, {"username", "ida.nor"}}));
}

TEST(UserOnboarding, WhatIsNoAddressOrNameIsFinal) {
  Example shop("customer/user_onboarding-1.0.0");
  const json rules = {{"reserved_usernames", {"admin"}}, {"blocked_domains", {"Throwaway.example"}}};
  const auto code = [&](const char* email, const char* username) {
    return shop.task({{"email", email}, {"username", username}}).code("validate_registration_data", rules);
  };
  EXPECT_EQ(code("ida@mail.example", "ida"), "");
  EXPECT_EQ(code("ida.mail.example", "ida"), "user.invalid_email");
  EXPECT_EQ(code("ida@mail.example", "1da"), "user.invalid_username");
  EXPECT_EQ(code("ida@mail.example", "Admin"), "user.reserved_username");
  EXPECT_EQ(code("ida@throwaway.example", "ida"), "user.blocked_domain") << "capitals make no difference";
}

TEST(UserOnboarding, NobodyGetsAnAddressOrNameThatSomebodyHas) {
  Example shop("customer/user_onboarding-1.0.0");
  const auto code = [&](const char* email, const char* username) {
    auto task = shop.task({{"email", email}, {"username", username}});
    task.result("validate_registration_data");
    return task.code("check_duplicate_user");
  };
  EXPECT_EQ(code("Bruno@mail.example", "other"), "user.duplicate");
  EXPECT_EQ(code("other@mail.example", "BRUNO"), "user.duplicate");
  EXPECT_EQ(code("ida@mail.example", "ida"), "");
  EXPECT_EQ(code("ida2@mail.example", "ida"), "user.duplicate") << "the task before has kept the name";
}

TEST(UserOnboarding, TheUsersMayComeFromAnApi) {
  LocalServer server;
  Example shop("customer/user_onboarding-1.0.0", {{"api_base_url", server.url("/records")}});
  auto task = shop.task({{"email", "bruno@mail.example"}, {"username", "bruno2"}});
  task.result("validate_registration_data");
  EXPECT_EQ(task.code("check_duplicate_user"), "user.duplicate");
  EXPECT_EQ(server.next_request()["path"], "/records/users?limit=0");
}

}  // namespace
}  // namespace tasker::test
