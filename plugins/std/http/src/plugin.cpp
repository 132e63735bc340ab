// Joins the name in the template to the code.
#include <tasker/sdk.h>

#include "api.h"

TASKER_PLUGIN(std_http::Api, tasker::Handler<"request", &std_http::Api::request>)
