// Joins the names in the template `diamond` to the code.
#include <tasker/sdk.h>

#include "handlers.h"

using reference::Handlers;

TASKER_PLUGIN(Handlers, tasker::Handler<"load", &Handlers::load>,
              tasker::Handler<"summarise", &Handlers::summarise>,
              tasker::Handler<"check_summary", &Handlers::check_summary>,
              tasker::Handler<"combine", &Handlers::combine>,
              tasker::Handler<"write", &Handlers::write>)
