// Joins the names in the template to the code.
#include <tasker/sdk.h>

#include "registrar.h"

using user_registration::Registrar;

TASKER_PLUGIN(Registrar, tasker::Handler<"create_user_account", &Registrar::create_user_account>,
              tasker::Handler<"setup_billing_profile", &Registrar::setup_billing_profile>,
              tasker::Handler<"initialize_preferences", &Registrar::initialize_preferences>,
              tasker::Handler<"send_welcome_sequence", &Registrar::send_welcome_sequence>,
              tasker::Handler<"update_user_status", &Registrar::update_user_status>)
