// Joins the names in the template to the code.
#include <tasker/sdk.h>

#include "warehouse.h"

using inventory_process_order::Warehouse;

TASKER_PLUGIN(Warehouse, tasker::Handler<"validate_order", &Warehouse::validate_order>,
              tasker::Handler<"reserve_stock", &Warehouse::reserve_stock>,
              tasker::Handler<"create_pick_list", &Warehouse::create_pick_list>)
