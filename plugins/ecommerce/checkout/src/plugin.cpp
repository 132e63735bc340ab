// Joins the names in the template to the code.
#include <tasker/sdk.h>

#include "checkout.h"

using checkout::Checkout;

TASKER_PLUGIN(Checkout, tasker::Handler<"validate_cart", &Checkout::validate_cart>,
              tasker::Handler<"process_payment", &Checkout::process_payment>,
              tasker::Handler<"update_inventory", &Checkout::update_inventory>,
              tasker::Handler<"create_order", &Checkout::create_order>,
              tasker::Handler<"send_confirmation", &Checkout::send_confirmation>)
