// What stdout is, and text made safe for it. Data goes to stdout, talk to stderr.
#pragma once

#include <string>
#include <string_view>

namespace tasker::app {

struct Terminal {
  bool is_tty = false;   // tables with headings, redrawing
  bool colour = false;   // a TTY that did not ask for none (NO_COLOR, TERM=dumb)
  int columns = 80;
};
Terminal terminal_of_stdout();

// Control characters out: a name in a database must not drive somebody's terminal, nor break a line of a table.
std::string printable(std::string_view text);

// `text` in the colour of a task's or step's state.
std::string in_state_colour(std::string_view state, std::string_view text, bool colour);

}  // namespace tasker::app
