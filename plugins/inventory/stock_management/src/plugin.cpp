// Joins the names in the template to the code.
#include <tasker/sdk.h>

#include "store_room.h"

using stock_management::StoreRoom;

TASKER_PLUGIN(StoreRoom, tasker::Handler<"monitor_stock_levels", &StoreRoom::monitor_stock_levels>,
              tasker::Handler<"identify_low_stock", &StoreRoom::identify_low_stock>)
