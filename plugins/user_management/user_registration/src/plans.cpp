#include "plans.h"

#include <algorithm>

#include "shop/fault.h"

namespace user_registration {
namespace {

using shop::Fault;
using tasker::Json;

const std::vector<Plan>& plans() {
  static const std::vector<Plan> kPlans = {
      {"free",
       0,
       0,
       {{"newsletter", false}, {"digest", "monthly"}, {"seats", 1}},
       {{"Welcome", "Your free account is ready."}}},
      {"pro",
       2900,
       14,
       {{"newsletter", true}, {"digest", "weekly"}, {"seats", 5}},
       {{"Welcome to Pro", "Your 14 days of trial begin today."},
        {"Your first project", "Three steps, and it is live."}}},
      {"enterprise",
       29900,
       30,
       {{"newsletter", true}, {"digest", "daily"}, {"seats", 100}},
       {{"Welcome to Enterprise", "Your 30 days of trial begin today."},
        {"Your first project", "Three steps, and it is live."},
        {"Your account manager", "We will call you within one working day."}}}};
  return kPlans;
}

}  // namespace

const Plan& find_plan(const std::string& name) {
  const auto found = std::ranges::find(plans(), name, &Plan::name);
  if (found == plans().end()) throw Fault("plan.unknown", "there is no plan \"" + name + "\"");
  return *found;
}

Json preferences_for(const Plan& plan, const Json& wishes) {
  Json preferences = plan.preferences;
  for (const auto& [key, value] : wishes.items()) {
    if (!preferences.contains(key))
      throw Fault("preferences.unknown", "there is no preference \"" + key + "\"");
    if (value.type() != preferences[key].type() &&
        !(value.is_number_integer() && preferences[key].is_number_integer()))
      throw Fault("preferences.malformed",
                  "the preference \"" + key + "\" is not like " + preferences[key].dump());
    preferences[key] = value;
  }
  return preferences;
}

}  // namespace user_registration
