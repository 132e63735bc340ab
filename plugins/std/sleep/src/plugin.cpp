// Joins the names in the template to the code.
#include <tasker/sdk.h>

#include "nap.h"

TASKER_PLUGIN(tasker::NoState, tasker::Handler<"sleep", &std_sleep::sleep>)
