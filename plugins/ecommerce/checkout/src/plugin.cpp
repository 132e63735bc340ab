// Joins the names in the template to the code.
#include <tasker/sdk.h>

#include "checkout.h"
#include "shop/step.h"

using checkout::Checkout;

TASKER_PLUGIN(Checkout, shop::ConfiguredStep<"validate_cart", &Checkout::validate_cart>,
              shop::Step<"process_payment", &Checkout::process_payment>,
              shop::Step<"update_inventory", &Checkout::update_inventory>,
              shop::Step<"create_order", &Checkout::create_order>,
              shop::Step<"send_confirmation", &Checkout::send_confirmation>)
