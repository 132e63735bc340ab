// Joins the names in the template `linear` to the code.
#include <tasker/sdk.h>

#include "handlers.h"

using reference::Handlers;

TASKER_PLUGIN(Handlers, tasker::Handler<"load", &Handlers::load>,
              tasker::Handler<"check", &Handlers::check>,
              tasker::Handler<"sort", &Handlers::sort>,
              tasker::Handler<"scale", &Handlers::scale>,
              tasker::Handler<"write", &Handlers::write>)
