// What each plan brings: its price, its trial, its preferences, its welcome mails. A table; pure.
#pragma once

#include <tasker/sdk.h>

#include <cstdint>
#include <string>
#include <vector>

namespace user_registration {

struct WelcomeMail {
  std::string subject;
  std::string body;
};

struct Plan {
  std::string name;
  std::int64_t monthly_cents = 0;  // 0: nothing is billed
  int trial_days = 0;
  tasker::Json preferences;
  std::vector<WelcomeMail> welcome;  // in this order
};

// Throws Fault plan.unknown.
const Plan& find_plan(const std::string& name);

// The plan's preferences with the user's wishes over them. Throws Fault preferences.unknown for a key that no
// plan has, and preferences.malformed for a value of another type.
tasker::Json preferences_for(const Plan& plan, const tasker::Json& wishes);

}  // namespace user_registration
