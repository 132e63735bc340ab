// Joins the names in the template to the code.
#include <tasker/sdk.h>

#include "front_desk.h"
#include "shop/step.h"

using user_onboarding::FrontDesk;

TASKER_PLUGIN(FrontDesk,
              shop::ConfiguredStep<"validate_registration_data", &FrontDesk::validate_registration_data>,
              shop::Step<"check_duplicate_user", &FrontDesk::check_duplicate_user, "timeout_seconds">)
