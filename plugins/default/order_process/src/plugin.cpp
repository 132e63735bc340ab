// Joins the names in the template to the code.
#include <tasker/sdk.h>

#include "shop.h"

using order_process::Shop;

TASKER_PLUGIN(Shop, tasker::Handler<"validate_order", &Shop::validate_order>,
              tasker::Handler<"process_payment", &Shop::process_payment>,
              tasker::Handler<"send_confirmation", &Shop::send_confirmation>)
