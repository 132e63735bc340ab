// The manual page tasker(1), made of the help of every command: nothing in it is written twice. Text in, roff out.
#pragma once

#include <string>
#include <vector>

namespace tasker::app {

struct CommandHelp {
  std::string name;  // "tasker task get"
  std::string text;  // what --help shows, whole lines
};

std::string manual_page(const std::vector<CommandHelp>& commands);

}  // namespace tasker::app
