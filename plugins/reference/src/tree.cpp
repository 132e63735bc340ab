// Joins the names in the template `tree` to the code.
#include <tasker/sdk.h>

#include "handlers.h"
#include "shop/step.h"

using reference::Handlers;

TASKER_PLUGIN(Handlers, shop::Step<"load", &Handlers::load, "part", "of">,
              shop::Step<"slice", &Handlers::slice, "part", "of">,
              shop::Step<"sort", &Handlers::sort, "part", "of">,
              shop::Step<"merge_sorted", &Handlers::merge_sorted>)
