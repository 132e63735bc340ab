// Joins the names in the template `mixed` to the code.
#include <tasker/sdk.h>

#include "handlers.h"

using reference::Handlers;

TASKER_PLUGIN(Handlers, tasker::Handler<"load", &Handlers::load>,
              tasker::Handler<"limits", &Handlers::limits>,
              tasker::Handler<"keep_within", &Handlers::keep_within>,
              tasker::Handler<"sort", &Handlers::sort>,
              tasker::Handler<"summarise", &Handlers::summarise>,
              tasker::Handler<"chart", &Handlers::chart>,
              tasker::Handler<"write_scratch", &Handlers::write_scratch>,
              tasker::Handler<"remove_scratch", &Handlers::remove_scratch>,
              tasker::Handler<"write", &Handlers::write>)
