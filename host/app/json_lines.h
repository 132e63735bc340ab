// `-o jsonl`: the members of a list of the API, one a line, each as the text it was.
#pragma once

#include <string_view>

#include "app/exit_code.h"

namespace tasker::app {

// `body` is {"<list>": [...]}.
ExitCode print_lines_of(std::string_view body, std::string_view list);

}  // namespace tasker::app
