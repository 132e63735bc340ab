// Joins the names in the template `parallel_merge` to the code.
#include <tasker/sdk.h>

#include "handlers.h"
#include "shop/step.h"

using reference::Handlers;

TASKER_PLUGIN(Handlers, shop::Step<"summarise", &Handlers::summarise, "part", "of">,
              shop::Step<"check", &Handlers::check, "part", "of", "low", "high", "sorted">,
              shop::Step<"sort", &Handlers::sort, "part", "of">,
              shop::Step<"median", &Handlers::median, "part", "of">,
              shop::Step<"scale", &Handlers::scale, "part", "of">, shop::Step<"write", &Handlers::write>)
