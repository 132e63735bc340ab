// Joins the name in the template to the code.
#include <tasker/sdk.h>

#include "database.h"

TASKER_PLUGIN(std_sql::Database, tasker::Handler<"execute", &std_sql::Database::execute>)
