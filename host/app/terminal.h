// What stdout is, and text made safe for it. Data goes to stdout, talk to stderr.
#pragma once

#include <string>
#include <string_view>

namespace tasker::app {

enum class Colour { automatic, always, never };

struct Terminal {
  bool is_tty = false;   // tables with headings, redrawing
  bool colour = false;   // a TTY that did not ask for none (NO_COLOR, TERM=dumb)
  int columns = 80;
};
Terminal terminal_of_stdout(Colour colour = Colour::automatic);

// "2030-01-31 10:30:00" in the local zone for an RFC 3339 time; what is none stays as it is. For people: data keeps UTC.
std::string local_time(const std::string& rfc3339);

// Control characters out: a name in a database must not drive somebody's terminal, nor break a line of a table.
std::string printable(std::string_view text);

// `text` in the colour of a task's or step's state.
std::string in_state_colour(std::string_view state, std::string_view text, bool colour);

}  // namespace tasker::app
