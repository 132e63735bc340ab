#include "app/manual.h"

#include <sstream>

namespace tasker::app {
namespace {

constexpr const char* kHead = R"(.TH TASKER 1 "" "tasker" "User Commands"
.SH NAME
tasker \- runs durable workflows from plugins that are dropped into a folder
.SH SYNOPSIS
.B tasker
.I command
.RI [ options ]
.SH DESCRIPTION
One program is the host, which runs tasks, and its client. Data goes to stdout, talk and errors to stderr. Every error
has a stable code;
.B tasker help
.I CODE
says cause and cure.
.SH COMMANDS
)";

constexpr const char* kTail = R"(.SH EXIT STATUS
0 ok, 1 failed, 2 usage, 3 not found, 4 not allowed, 5 conflict, 6 server or database not reachable, 7 timed out waiting,
10 the awaited task failed, 11 it was cancelled, 130 interrupted.
.SH ENVIRONMENT
.TP
.B TASKER_SERVER
URL of the host that client commands speak to.
.TP
.B TASKER_CONFIG
Configuration file of serve, migrate and config view.
.TP
.BI TASKER_ SECTION __ KEY
Any key of the configuration; wins over the file.
.TP
.B TASKER_DATA
Data folder of dev.
.TP
.B NO_COLOR
No colours.
.SH FILES
.TP
.I /etc/tasker/tasker.yaml
The configuration of tasker serve.
)";

std::string escaped(const std::string& line) {
  std::string out = line.starts_with('.') || line.starts_with('\'') ? "\\&" : "";
  for (const char c : line) {
    if (c == '\\') out += "\\e";
    else if (c == '-') out += "\\-";
    else if (c == '\'') out += "\\(aq";
    else out += c;
  }
  return out;
}

}  // namespace

std::string manual_page(const std::vector<CommandHelp>& commands) {
  std::string page = kHead;
  for (const auto& [name, text] : commands) {
    page += ".SS " + name + "\n.nf\n";
    std::istringstream lines(text);
    for (std::string line; std::getline(lines, line);) page += escaped(line) + "\n";
    page += ".fi\n";
  }
  return page + kTail;
}

}  // namespace tasker::app
