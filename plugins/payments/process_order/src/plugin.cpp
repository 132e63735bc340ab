// Joins the names in the template to the code.
#include <tasker/sdk.h>

#include "shop/step.h"
#include "till.h"

using payments_process_order::Till;

TASKER_PLUGIN(Till, shop::Step<"validate_order", &Till::validate_order, "timeout_seconds">,
              shop::ConfiguredStep<"process_payment", &Till::process_payment>,
              shop::Step<"send_confirmation", &Till::send_confirmation>)
