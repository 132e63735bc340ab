// Joins the names in the template to the code.
#include <tasker/sdk.h>

#include "registrar.h"
#include "shop/step.h"

using user_registration::Registrar;

TASKER_PLUGIN(Registrar, shop::Step<"create_user_account", &Registrar::create_user_account>,
              shop::Step<"setup_billing_profile", &Registrar::setup_billing_profile>,
              shop::Step<"initialize_preferences", &Registrar::initialize_preferences>,
              shop::Step<"send_welcome_sequence", &Registrar::send_welcome_sequence>,
              shop::Step<"update_user_status", &Registrar::update_user_status>)
