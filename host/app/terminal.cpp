#include "app/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <utility>

#include "base/timestamp.h"

namespace tasker::app {

Terminal terminal_of_stdout(Colour colour) {
  Terminal terminal;
  terminal.is_tty = ::isatty(STDOUT_FILENO) != 0;
  const char* no_colour = std::getenv("NO_COLOR");
  const char* kind = std::getenv("TERM");
  const bool dumb = kind != nullptr && std::string_view(kind) == "dumb";
  terminal.colour = terminal.is_tty && !dumb && (no_colour == nullptr || *no_colour == '\0');
  if (colour != Colour::automatic) terminal.colour = colour == Colour::always;
  winsize size{};
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) {
    terminal.columns = size.ws_col;
    if (size.ws_row > 0) terminal.rows = size.ws_row;
  }
  return terminal;
}

std::string local_time(const std::string& rfc3339) {
  std::tm utc{};
  const bool is_utc = is_rfc3339(rfc3339) && (rfc3339.ends_with('Z') || rfc3339.ends_with("+00:00"));
  if (!is_utc || std::sscanf(rfc3339.c_str(), "%d-%d-%dT%d:%d:%d", &utc.tm_year, &utc.tm_mon, &utc.tm_mday, &utc.tm_hour,
                             &utc.tm_min, &utc.tm_sec) != 6)
    return rfc3339;
  utc.tm_year -= 1900;
  utc.tm_mon -= 1;
  const std::time_t time = ::timegm(&utc);
  std::tm local{};
  char text[32];
  if (::localtime_r(&time, &local) == nullptr || std::strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S", &local) == 0) return rfc3339;
  return text;
}

std::optional<std::string> begin_of_day(const std::string& day) {
  std::tm local{};
  local.tm_isdst = -1;
  const bool has_form = day.size() == 10 && day[4] == '-' && day[7] == '-' && is_rfc3339(day + "T00:00:00Z");
  if (!has_form || std::sscanf(day.c_str(), "%d-%d-%d", &local.tm_year, &local.tm_mon, &local.tm_mday) != 3) return std::nullopt;
  local.tm_year -= 1900;
  local.tm_mon -= 1;
  return rfc3339(std::chrono::system_clock::from_time_t(std::mktime(&local)));
}

namespace {

// The bytes of what stands at `at`: an escape sequence, which takes no column, or a character.
struct Piece {
  std::size_t size = 1;
  int columns = 1;
};

Piece piece_at(const std::string& text, std::size_t at) {
  Piece piece;
  if (text[at] == '\033') {
    while (at + piece.size < text.size() && text[at + piece.size - 1] != 'm') ++piece.size;
    piece.columns = 0;
  } else {
    while (at + piece.size < text.size() && (static_cast<unsigned char>(text[at + piece.size]) & 0xC0) == 0x80) ++piece.size;
  }
  return piece;
}

int columns_of(const std::string& text) {
  int columns = 0;
  for (std::size_t at = 0; at < text.size();) {
    const auto piece = piece_at(text, at);
    columns += piece.columns;
    at += piece.size;
  }
  return columns;
}

}  // namespace

std::string cut_to(const std::string& line, int columns) {
  if (columns_of(line) <= columns) return line;
  std::string out;
  bool is_coloured = false;
  for (std::size_t at = 0; at < line.size();) {
    const auto piece = piece_at(line, at);
    if (columns -= piece.columns; columns < 1) break;  // the last column is for the mark
    is_coloured = is_coloured || piece.columns == 0;
    out.append(line, at, piece.size);
    at += piece.size;
  }
  return out + "…" + (is_coloured ? "\033[0m" : "");
}

std::vector<std::string> broken_at(const std::string& line, int columns, int indent) {
  std::vector<std::string> lines;
  if (columns_of(line) <= columns || columns < 2 * indent) return {line};
  const std::string margin(static_cast<std::size_t>(indent), ' ');
  std::string out;
  std::size_t space = std::string::npos;  // the last one in `out` at which it may break
  int width = 0;
  for (std::size_t at = 0; at < line.size();) {
    const auto piece = piece_at(line, at);
    if (width + piece.columns > columns) {
      std::string rest;
      if (space != std::string::npos && space > margin.size()) {
        rest = out.substr(space + 1);
        out.resize(space);
      }
      lines.push_back(std::exchange(out, margin + rest));
      width = columns_of(out);
      space = std::string::npos;
    }
    // Not at the spaces that a line begins with.
    if (line[at] == ' ' && out.find_first_not_of(' ') != std::string::npos) space = out.size();
    out.append(line, at, piece.size);
    width += piece.columns;
    at += piece.size;
  }
  lines.push_back(out);
  return lines;
}

std::string printable(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto c = static_cast<unsigned char>(text[i]);
    // U+0080 to U+009F are control characters too, in two bytes.
    if (c == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0) {
      out += ' ';
      ++i;
    } else {
      out += c < 0x20 || c == 0x7F ? ' ' : text[i];
    }
  }
  return out;
}

std::string in_state_colour(std::string_view state, std::string_view text, bool colour) {
  if (!colour) return std::string(text);
  const char* code = "0";
  if (state == "complete" || state == "resolved_manually" || state == "active") code = "32";
  else if (state == "error" || state == "refused" || state == "failed") code = "31";
  else if (state == "in_progress" || state == "ready") code = "36";
  else if (state == "waiting_for_retry" || state == "draining") code = "33";
  else if (state == "cancelled" || state == "skipped" || state == "paused" || state == "pending") code = "90";
  return "\033[" + std::string(code) + "m" + std::string(text) + "\033[0m";
}

}  // namespace tasker::app
