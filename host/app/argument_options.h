// Flags and words that several commands share: what is printed and how, which server, which states there are. Used while the
// command line is being described; declared apart from arguments.h, which nobody but the parser needs CLI11 for.
#pragma once

#include <string>
#include <vector>

#include "app/arguments.h"

namespace CLI {
class App;
}

namespace tasker::app {

// The formats of a verb by name; the position is the enumerator.
using Formats = std::vector<std::string>;
extern const Formats kOne;   // table, json, yaml
extern const Formats kList;  // those, and what suits rows

void add_output(CLI::App* verb, OutputFormat& output, const Formats& formats = kOne);
// --server, output, colour, quiet, verbose.
void add_client(CLI::App* verb, Client& client, const Formats& formats = kOne);

std::vector<std::string> task_states();
// "States: pending, ...", on lines of a terminal.
std::string states_in_lines();

}  // namespace tasker::app
