// Joins the names in the template to the code.
#include <tasker/sdk.h>

#include "order_desk.h"

using order_processing::OrderDesk;

TASKER_PLUGIN(OrderDesk, tasker::Handler<"validate_cart", &OrderDesk::validate_cart>,
              tasker::Handler<"check_inventory", &OrderDesk::check_inventory>,
              tasker::Handler<"calculate_pricing", &OrderDesk::calculate_pricing>,
              tasker::Handler<"create_order", &OrderDesk::create_order>)
