// Joins the names in the template `mixed` to the code.
#include <tasker/sdk.h>

#include "handlers.h"
#include "shop/step.h"

using reference::Handlers;

TASKER_PLUGIN(Handlers, shop::Step<"load", &Handlers::load>, shop::Step<"limits", &Handlers::limits>,
              shop::Step<"keep_within", &Handlers::keep_within>, shop::Step<"sort", &Handlers::sort>,
              shop::Step<"summarise", &Handlers::summarise>, shop::Step<"chart", &Handlers::chart>,
              shop::Step<"write_scratch", &Handlers::write_scratch>,
              shop::Step<"remove_scratch", &Handlers::remove_scratch>, shop::Step<"write", &Handlers::write>)
