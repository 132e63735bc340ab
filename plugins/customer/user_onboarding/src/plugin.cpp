// Joins the names in the template to the code.
#include <tasker/sdk.h>

#include "front_desk.h"

using user_onboarding::FrontDesk;

TASKER_PLUGIN(FrontDesk, tasker::Handler<"validate_registration_data", &FrontDesk::validate_registration_data>,
              tasker::Handler<"check_duplicate_user", &FrontDesk::check_duplicate_user>)
