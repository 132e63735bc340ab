// Joins the names in the template `mixed` to the code.
#include <tasker/sdk.h>

#include "handlers.h"
#include "shop/step.h"

using reference::Handlers;

TASKER_PLUGIN(Handlers, shop::Step<"load", &Handlers::load, "part", "of">,
              shop::Step<"limits", &Handlers::limits>,
              shop::Step<"keep_within", &Handlers::keep_within, "part", "of">,
              shop::Step<"sort", &Handlers::sort, "part", "of">,
              shop::Step<"summarise", &Handlers::summarise, "part", "of">,
              shop::Step<"chart", &Handlers::chart, "part", "of">,
              shop::Step<"write_scratch", &Handlers::write_scratch>,
              shop::Step<"remove_scratch", &Handlers::remove_scratch>, shop::Step<"write", &Handlers::write>)
