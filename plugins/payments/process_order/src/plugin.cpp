// Joins the names in the template to the code.
#include <tasker/sdk.h>

#include "till.h"

using payments_process_order::Till;

TASKER_PLUGIN(Till, tasker::Handler<"validate_order", &Till::validate_order>,
              tasker::Handler<"process_payment", &Till::process_payment>,
              tasker::Handler<"send_confirmation", &Till::send_confirmation>)
