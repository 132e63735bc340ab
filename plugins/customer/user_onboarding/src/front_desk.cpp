#include "front_desk.h"

#include <algorithm>

#include "shop/account.h"
#include "shop/fault.h"
#include "shop/text.h"
#include "template/options.h"

namespace user_onboarding {
namespace {

using shop::Fault;
using tasker::Call;
using tasker::Json;

// The word is in small letters, as an account has it.
bool has(const std::vector<std::string>& list, const std::string& word) {
  return std::any_of(list.begin(), list.end(),
                     [&](const auto& entry) { return shop::lower_case(entry) == word; });
}

}  // namespace

Json FrontDesk::validate_registration_data(Call& call) {
  const stock::Options options(call.config(), "validate_registration_data's handler_config",
                               {"reserved_usernames", "blocked_domains"});
  const auto account = shop::account_from(call.context());
  if (has(options.texts("reserved_usernames"), account.username))
    throw Fault("user.reserved_username", "the name " + account.username + " is not given away");
  if (const auto domain = account.email.substr(account.email.find('@') + 1);
      has(options.texts("blocked_domains"), domain))
    throw Fault("user.blocked_domain", "addresses of " + domain + " are not taken");
  return {{"email", account.email}, {"username", account.username}};
}

Json FrontDesk::check_duplicate_user(Call& call) {
  const auto account = shop::account_from(call.input("validate_registration_data"));
  return office_.once(call, "user " + account.email, [&] {
    for (const auto& user : office_.records().all(call, "users"))
      if (shop::lower_case(user.value("email", "")) == account.email ||
          shop::lower_case(user.value("username", "")) == account.username)
        throw Fault("user.duplicate", "user " + user["id"].dump() + " has this address or name");
    shop::Office::Deed deed;
    deed.exclusive = shop::claims_of("onboarding", account);
    deed.if_taken = "user.duplicate";
    deed.result = {{"email", account.email}, {"username", account.username}, {"is_duplicate", false}};
    return deed;
  });
}

}  // namespace user_onboarding
