#include "app/terminal.h"

#include <sys/ioctl.h>
#include <unistd.h>

#include <cstdio>
#include <cstdlib>
#include <ctime>

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
  if (::ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0) terminal.columns = size.ws_col;
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
