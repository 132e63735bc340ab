// What a verb prints of the API's JSON, in the format that was asked for: as it is, as YAML, or one object a line.
#pragma once

#include <string_view>

#include "app/arguments.h"
#include "app/exit_code.h"

namespace tasker::app {

// Of json and yaml: formats that show a whole answer.
bool is_document(OutputFormat format);
// `one_of_many`: further documents follow, or came before.
ExitCode print_document(std::string_view json, OutputFormat format, bool one_of_many = false);

// `-o jsonl`: `body` is {"<list>": [...]}.
ExitCode print_lines_of(std::string_view body, std::string_view list);

}  // namespace tasker::app
