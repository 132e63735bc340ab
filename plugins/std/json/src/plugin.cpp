// Joins the names in the template to the code.
#include <tasker/sdk.h>

#include "reshape.h"

TASKER_PLUGIN(tasker::NoState, tasker::Handler<"reshape", &std_json::reshape>)
