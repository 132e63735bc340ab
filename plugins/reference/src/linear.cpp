// Joins the names in the template `linear` to the code.
#include <tasker/sdk.h>

#include "handlers.h"
#include "shop/step.h"

using reference::Handlers;

TASKER_PLUGIN(Handlers, shop::Step<"load", &Handlers::load>, shop::Step<"check", &Handlers::check>,
              shop::Step<"sort", &Handlers::sort>, shop::Step<"scale", &Handlers::scale>,
              shop::Step<"write", &Handlers::write>)
