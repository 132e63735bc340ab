// Joins the names in the template to the code.
#include <tasker/sdk.h>

#include "order_desk.h"
#include "shop/step.h"

using order_processing::OrderDesk;

TASKER_PLUGIN(OrderDesk, shop::Step<"validate_cart", &OrderDesk::validate_cart, "timeout_seconds">,
              shop::ConfiguredStep<"check_inventory", &OrderDesk::check_inventory>,
              shop::ConfiguredStep<"calculate_pricing", &OrderDesk::calculate_pricing>,
              shop::Step<"create_order", &OrderDesk::create_order>)
