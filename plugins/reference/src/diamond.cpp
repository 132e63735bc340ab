// Joins the names in the template `diamond` to the code.
#include <tasker/sdk.h>

#include "handlers.h"
#include "shop/step.h"

using reference::Handlers;

TASKER_PLUGIN(Handlers, shop::Step<"load", &Handlers::load, "part", "of">,
              shop::Step<"summarise", &Handlers::summarise, "part", "of">,
              shop::Step<"check_summary", &Handlers::check_summary>,
              shop::Step<"combine", &Handlers::combine>, shop::Step<"write", &Handlers::write>)
