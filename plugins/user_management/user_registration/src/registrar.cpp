#include "registrar.h"

#include "plans.h"
#include "shop/account.h"
#include "shop/fault.h"
#include "shop/mail.h"
#include "shop/money.h"
#include "shop/text.h"
#include "template/options.h"

namespace user_registration {
namespace {

using shop::Fault;
using shop::Office;
using tasker::Call;
using tasker::Json;

const Office::Keys kKeys = {"shop_dir", "data_dir", "api_base_url", "ledger_sync", "outbox_limit"};
constexpr std::int64_t kMostMails = 3;  // what a plan has: with less room they would never be sent
constexpr std::chrono::milliseconds kAskAgain{500};

const Plan& plan_of(Call& call) {
  return find_plan(call.context().at("plan"));
}
std::string user_of(Call& call) {
  return call.input("create_user_account").at("user_id");
}

}  // namespace

Registrar::Registrar(const Json& config)
    : office_("user_management/user_registration", config, kKeys),
      outbox_limit_(stock::Options(config, "user_management/user_registration's configuration", kKeys)
                        .integer("outbox_limit", 1000, kMostMails, 1'000'000)) {}

Json Registrar::create_user_account(Call& call) {
  const auto account = shop::account_from(call.context());
  const std::string name = call.context().at("name");
  if (!shop::is_plain(name)) throw Fault("user.malformed", "the name must be plain text");
  // Who registers twice gets the account that is there, and so does who comes with another's name: the ledger
  // answers with what was recorded first, also between tasks that run at the same time.
  Json created = office_.once(call, "user " + account.email, [&] {
    Office::Deed deed;
    deed.exclusive = shop::claims_of("user", account);
    deed.result = {{"user_id", "user_" + shop::fingerprint(account.email)},
                   {"email", account.email},
                   {"username", account.username},
                   {"plan", plan_of(call).name}};
    return deed;
  });
  if (created.at("email") != account.email)
    throw Fault("user.username_taken", "somebody else has the name " + account.username);
  if (created.at("username") != account.username || created.at("plan") != plan_of(call).name)
    throw Fault("user.conflict", account.email + " is registered already, with another name or plan");
  return created;
}

Json Registrar::setup_billing_profile(Call& call) {
  const Plan& plan = plan_of(call);
  if (plan.monthly_cents == 0) return {{"billed", false}};
  return office_.once(call, user_of(call), [&] {
    Office::Deed deed;
    deed.exclusive = {"billing of " + user_of(call)};
    deed.result = {{"billed", true},
                   {"billing_id", "bill_" + shop::fingerprint(user_of(call))},
                   {"monthly_cents", plan.monthly_cents},
                   {"trial_days", plan.trial_days}};
    return deed;
  });
}

Json Registrar::initialize_preferences(Call& call) {
  return {
      {"preferences", preferences_for(plan_of(call), call.context().value("preferences", Json::object()))}};
}

Json Registrar::send_welcome_sequence(Call& call) {
  const std::string user = user_of(call);
  return office_.once(call, user, [&] {
    Office::Deed deed;
    deed.exclusive = {"welcome of " + user};
    if (const auto earlier = office_.ledger().holder(deed.exclusive[0])) {
      deed.result = earlier->at("result");  // nobody is welcomed twice
      return deed;
    }
    const Plan& plan = plan_of(call);
    // Those of an attempt that was killed are replaced, so they take no room.
    const std::string mails = user + "-welcome-";
    const auto room = outbox_limit_ - static_cast<std::int64_t>(office_.outbox().waiting(mails));
    if (room < static_cast<std::int64_t>(plan.welcome.size()))
      throw tasker::RetryableError("the mail service takes no more now", kAskAgain, "notifier.rate_limited");
    Json sent = Json::array();
    for (std::size_t i = 0; i < plan.welcome.size(); ++i) {
      const auto& mail = plan.welcome[i];
      const shop::Letter letter{call.input("create_user_account").at("email"), mail.subject,
                                shop::fingerprint(user + "/" + std::to_string(i))};
      const std::string body =
          "Dear " + call.context().at("name").get<std::string>() + ",\n\n" + mail.body + "\n";
      sent.push_back(office_.outbox()
                         .put(mails + std::to_string(i + 1) + ".eml", shop::plain_mail(letter, body))
                         .string());
    }
    deed.result = {{"sent", sent}};
    return deed;
  });
}

Json Registrar::update_user_status(Call& call) {
  const Json& account = call.input("create_user_account");
  const Json user = {{"user_id", account.at("user_id")},
                     {"email", account.at("email")},
                     {"username", account.at("username")},
                     {"name", call.context().at("name")},
                     {"plan", account.at("plan")},
                     {"billing", call.input("setup_billing_profile").value("billing_id", Json())},
                     {"preferences", call.input("initialize_preferences").at("preferences")},
                     {"status", "active"}};
  const auto name = account["user_id"].get<std::string>() + ".json";
  return {{"status", "active"}, {"user", office_.folder("users").put(name, user.dump(2) + "\n").string()}};
}

}  // namespace user_registration
