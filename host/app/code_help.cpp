#include "app/code_help.h"

#include <algorithm>
#include <string>
#include <vector>

#include <spdlog/fmt/fmt.h>

#include "app/exit_code.h"
#include "base/error_guide.h"

namespace tasker::app {
namespace {

constexpr std::size_t kColumns = 80;
constexpr std::string_view kPageHead =
    "# Errors\n\n"
    "Every error has a stable code: the sentence beside it may be reworded, the code may not. Terminal, log, database and HTTP\n"
    "(`application/problem+json`, member `code`) use the same. `tasker help CODE` shows a row of this table; a test keeps the page equal\n"
    "to the program. `tasker` exits with\n"
    "0 ok · 1 failed · 2 usage · 3 not found · 4 not allowed · 5 conflict · 6 server or database not reachable · 7 timed out waiting ·\n"
    "10 the awaited task failed · 11 it was cancelled · 130 interrupted.\n\n"
    "| code | HTTP | exit | cause | cure |\n|---|---:|---:|---|---|\n";

// Words of `text` on lines of at most 80 columns, behind `label`.
std::string wrapped(std::string label, std::string_view text) {
  std::string out, line = std::move(label);
  const std::string indent(line.size(), ' ');
  bool fresh = true;
  while (!text.empty()) {
    const auto word = text.substr(0, text.find(' '));
    text.remove_prefix(std::min(text.size(), word.size() + 1));
    if (!fresh && line.size() + 1 + word.size() > kColumns) {
      out += line + "\n";
      line = indent;
      fresh = true;
    }
    line += (fresh ? "" : " ") + std::string(word);
    fresh = false;
  }
  return out + line + "\n";
}

// A bar would end the cell.
std::string cell(std::string_view text) {
  std::string out;
  for (const char c : text) out += c == '|' ? "\\|" : std::string(1, c);
  return out;
}

int exit_code(Code code) { return static_cast<int>(exit_code_of(make_error(code, ""))); }

}  // namespace

std::string help_on_code(Code code) {
  const auto guide = guide_of(code);
  return fmt::format("{}\n", code_text(code)) + wrapped("  cause  ", guide.cause) + wrapped("  cure   ", guide.cure) +
         fmt::format("  HTTP status {}, exit code {}\n", code_http_status(code), exit_code(code));
}

std::string list_of_codes() {
  const auto all = all_codes();
  std::vector<Code> codes(all.begin(), all.end());
  std::ranges::sort(codes, {}, code_text);
  std::size_t widest = 0;
  for (const Code code : codes) widest = std::max(widest, code_text(code).size());
  std::string out, group;
  for (const Code code : codes) {
    const auto text = code_text(code);
    // A code without a dot belongs to none.
    const auto dot = text.find('.');
    const std::string of(dot == text.npos ? std::string_view() : text.substr(0, dot));
    if (!out.empty() && of != group) out += "\n";
    group = of;
    out += wrapped(fmt::format("{:<{}}  ", text, widest), guide_of(code).cause);
  }
  return out + "\nWhat to do: tasker help CODE\n";
}

std::string page_of_codes() {
  std::string out(kPageHead);
  for (const Code code : all_codes()) {
    const auto guide = guide_of(code);
    out += fmt::format("| `{}` | {} | {} | {} | {} |\n", code_text(code), code_http_status(code), exit_code(code),
                       cell(guide.cause), cell(guide.cure));
  }
  return out;
}

}  // namespace tasker::app
