// Joins the names in the template `parallel_merge` to the code.
#include <tasker/sdk.h>

#include "handlers.h"

using reference::Handlers;

TASKER_PLUGIN(Handlers, tasker::Handler<"summarise", &Handlers::summarise>,
              tasker::Handler<"check", &Handlers::check>,
              tasker::Handler<"sort", &Handlers::sort>,
              tasker::Handler<"median", &Handlers::median>,
              tasker::Handler<"scale", &Handlers::scale>,
              tasker::Handler<"write", &Handlers::write>)
