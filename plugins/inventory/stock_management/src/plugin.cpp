// Joins the names in the template to the code.
#include <tasker/sdk.h>

#include "shop/step.h"
#include "store_room.h"

using stock_management::StoreRoom;

TASKER_PLUGIN(StoreRoom,
              shop::Step<"monitor_stock_levels", &StoreRoom::monitor_stock_levels, "timeout_seconds">,
              shop::ConfiguredStep<"identify_low_stock", &StoreRoom::identify_low_stock>)
