#include "app/command_page.h"

#include <spdlog/fmt/fmt.h>

namespace tasker::app {
namespace {

constexpr const char* kHead =
    "# The command line\n\n"
    "`tasker <command> --help` shows what stands here; a test keeps the two equal. Rules for all of them:\n\n"
    "- Data goes to stdout, talk and errors to stderr. In a pipe tables have tabs, no headings and times in UTC; on a terminal they are\n"
    "  aligned, coloured (`--color`, `NO_COLOR`) and in the local zone.\n"
    "- `-o json` prints what the API answers, `-o yaml` the same for reading; lists also take `-o jsonl`, an object a line, `-o name`, and\n"
    "  `-o wide`, a table with more columns. With json and jsonl errors are `{\"error\":{\"code\",\"message\",\"exit_code\"}}` on stderr.\n"
    "  `task submit --wait -o json` prints a line with the ids, then one for each task that has ended.\n"
    "- Exit codes: 0 ok · 1 failed · 2 usage · 3 not found · 4 not allowed · 5 conflict · 6 server or database not reachable ·\n"
    "  7 timed out waiting · 10 the awaited task failed · 11 it was cancelled · 130 interrupted. [ERRORS](ERRORS.md) has the code of each error.\n"
    "- The host is that of `--server`, else of `TASKER_SERVER`, else the one that `tasker dev` started, else port 8765 of this machine.\n"
    "- `-` in place of a file is stdin. Ctrl-C while waiting or watching ends that, never the task.\n"
    "- Under `tasker dev` a plugin that was built again under its version appears as `1.0.0+dev.<8 digits of its SHA-256>`: a version of\n"
    "  its own in lists, tasks and attempts.\n"
    "- `tasker completion bash` (or `zsh`, `fish`) prints a completion script; ids, names and versions come from the running host.\n"
    "  `tasker help man` prints a manual page: `tasker help man > /usr/local/share/man/man1/tasker.1`.\n";

}  // namespace

std::string command_page(const std::vector<CommandHelp>& commands) {
  std::string page = kHead;
  for (const auto& [name, text] : commands) page += fmt::format("\n## {}\n\n```text\n{}```\n", name, text);
  return page;
}

}  // namespace tasker::app
