// The page of all commands, host/CLI.md: what each of them says with --help, behind the rules that they share. Text in, Markdown out.
#pragma once

#include <string>
#include <vector>

#include "app/manual.h"

namespace tasker::app {

std::string command_page(const std::vector<CommandHelp>& commands);

}  // namespace tasker::app
