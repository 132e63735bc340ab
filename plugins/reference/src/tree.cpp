// Joins the names in the template `tree` to the code.
#include <tasker/sdk.h>

#include "handlers.h"

using reference::Handlers;

TASKER_PLUGIN(Handlers, tasker::Handler<"load", &Handlers::load>,
              tasker::Handler<"slice", &Handlers::slice>,
              tasker::Handler<"sort", &Handlers::sort>,
              tasker::Handler<"merge_sorted", &Handlers::merge_sorted>)
