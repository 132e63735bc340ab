// The scripts by which shells ask `tasker __complete` what may follow. They know no command: the parser's table does.
#pragma once

#include <string_view>

namespace tasker::app {

// For bash, zsh or fish; empty for others.
std::string_view completion_script(std::string_view shell);

}  // namespace tasker::app
