// The plugin's state and its two steps. Handlers run on many threads.
#pragma once

#include <tasker/sdk.h>

#include "shop/office.h"

namespace user_onboarding {

class FrontDesk {
 public:
  explicit FrontDesk(const tasker::Json& config) : office_("customer/user_onboarding", config) {}

  // [worker]
  tasker::Json validate_registration_data(tasker::Call& call);
  tasker::Json check_duplicate_user(tasker::Call& call);

 private:
  shop::Office office_;
};

}  // namespace user_onboarding
