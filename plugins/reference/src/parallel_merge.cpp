// Joins the names in the template `parallel_merge` to the code.
#include <tasker/sdk.h>

#include "handlers.h"
#include "shop/step.h"

using reference::Handlers;

TASKER_PLUGIN(Handlers, shop::Step<"summarise", &Handlers::summarise>, shop::Step<"check", &Handlers::check>,
              shop::Step<"sort", &Handlers::sort>, shop::Step<"median", &Handlers::median>,
              shop::Step<"scale", &Handlers::scale>, shop::Step<"write", &Handlers::write>)
