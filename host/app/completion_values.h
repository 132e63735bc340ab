// What only a running host knows, for a word that is being completed: ids, names, versions. Somebody waits with a
// finger on the tab key: it takes a moment at most, and says nothing when it does not work.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "app/arguments.h"
#include "app/exit_code.h"

namespace tasker::app {

ExitCode run_complete(const CompleteArguments& arguments);

// Of the API's list of plugins or tasks, those that begin with `typed`, each once.
std::vector<std::string> values_in(std::string_view body, LiveValues wanted, const std::string& typed);

}  // namespace tasker::app
