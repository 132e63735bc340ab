// Joins the name in the template to the code.
#include <tasker/sdk.h>

#include "shell.h"

TASKER_PLUGIN(std_shell::Shell, tasker::Handler<"run", &std_shell::Shell::run>)
