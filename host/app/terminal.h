// What stdout is, and text made safe for it. Data goes to stdout, talk to stderr.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace tasker::app {

enum class Colour { automatic, always, never };

struct Terminal {
  bool is_tty = false;   // tables with headings, redrawing
  bool colour = false;   // a TTY that did not ask for none (NO_COLOR, TERM=dumb)
  int columns = 80;
  int rows = 24;
};
Terminal terminal_of_stdout(Colour colour = Colour::automatic);

// "2030-01-31 10:30:00" in the local zone for an RFC 3339 time; what is none stays as it is. For people: data keeps UTC.
std::string local_time(const std::string& rfc3339);

// "2030-01-30T23:00:00Z" for "2030-01-31" where that day begins then; nothing for what is no day.
std::optional<std::string> begin_of_day(const std::string& day);

// At most so many columns, … in place of the rest; escape sequences take no room.
std::string cut_to(const std::string& line, int columns);

// Broken at spaces into lines of at most so many columns; from the second on indented.
std::vector<std::string> broken_at(const std::string& line, int columns, int indent);

// Control characters out: a name in a database must not drive somebody's terminal, nor break a line of a table.
std::string printable(std::string_view text);

// `text` in the colour of a task's or step's state.
std::string in_state_colour(std::string_view state, std::string_view text, bool colour);

}  // namespace tasker::app
