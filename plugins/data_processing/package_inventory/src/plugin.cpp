// Joins the names in the template to the code.
#include <tasker/sdk.h>

#include "surveyor.h"

using package_inventory::Surveyor;

TASKER_PLUGIN(Surveyor, tasker::Handler<"parse", &Surveyor::parse>,
              tasker::Handler<"sizes_by_section", &Surveyor::sizes_by_section>,
              tasker::Handler<"dependency_graph", &Surveyor::dependency_graph>,
              tasker::Handler<"maintainers", &Surveyor::maintainers>,
              tasker::Handler<"find_orphans", &Surveyor::find_orphans>,
              tasker::Handler<"report", &Surveyor::report>)
