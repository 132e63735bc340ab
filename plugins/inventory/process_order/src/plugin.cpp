// Joins the names in the template to the code.
#include <tasker/sdk.h>

#include "shop/step.h"
#include "warehouse.h"

using inventory_process_order::Warehouse;

TASKER_PLUGIN(Warehouse, shop::Step<"validate_order", &Warehouse::validate_order, "timeout_seconds">,
              shop::Step<"reserve_stock", &Warehouse::reserve_stock>,
              shop::Step<"create_pick_list", &Warehouse::create_pick_list>)
