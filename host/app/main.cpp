// tasker: arguments to verb, verb to exit code. Everything else is elsewhere.
#include <cerrno>
#include <cstdio>
#include <cstring>
#include <string>
#include <unistd.h>
#include <variant>
#include <vector>

#include <spdlog/fmt/fmt.h>

#include "app/arguments.h"
#include "app/completion_values.h"
#include "app/config_view.h"
#include "app/document.h"
#include "app/plugin_check.h"
#include "app/plugin_diff.h"
#include "app/plugin_inspect.h"
#include "app/plugin_list.h"
#include "app/plugin_verbs.h"
#include "app/server_verbs.h"
#include "app/task_verbs.h"
#include "app/template_check.h"
#include "base/log.h"
#include "plugin/apart_call.h"
#include "runner/child.h"
#include "runner/prober_child.h"

namespace {

using namespace tasker::app;

struct Runner {
  ExitCode operator()(const ServeArguments& arguments) const { return run_serve(arguments); }
  ExitCode operator()(const DevArguments& arguments) const { return run_dev(arguments); }
  ExitCode operator()(const MigrateArguments& arguments) const { return run_migrate(arguments); }
  ExitCode operator()(const TaskSubmitArguments& arguments) const { return run_task_submit(arguments); }
  ExitCode operator()(const TaskGetArguments& arguments) const { return run_task_get(arguments); }
  ExitCode operator()(const TaskListArguments& arguments) const { return run_task_list(arguments); }
  ExitCode operator()(const TaskWatchArguments& arguments) const { return run_task_watch(arguments); }
  ExitCode operator()(const PluginListArguments& arguments) const { return run_plugin_list(arguments); }
  ExitCode operator()(const PluginVersionArguments& arguments) const { return run_plugin_version(arguments); }
  ExitCode operator()(const PluginDefaultArguments& arguments) const { return run_plugin_default(arguments); }
  ExitCode operator()(const PluginInspectArguments& arguments) const { return run_plugin_inspect(arguments); }
  ExitCode operator()(const PluginCheckArguments& arguments) const { return run_plugin_check(arguments); }
  ExitCode operator()(const PluginDiffArguments& arguments) const { return run_plugin_diff(arguments); }
  ExitCode operator()(const TemplateCheckArguments& arguments) const { return run_template_check(arguments); }
  ExitCode operator()(const ConfigViewArguments& arguments) const { return run_config_view(arguments); }
  ExitCode operator()(const CompleteArguments& arguments) const { return run_complete(arguments); }
  ExitCode operator()(const VersionArguments& arguments) const {
    if (is_document(arguments.output)) return print_document("{\"version\":\"" TASKER_VERSION "\"}", arguments.output);
    std::printf("tasker %s\n", TASKER_VERSION);
    return ExitCode::ok;
  }
};

ExitCode run(const std::vector<std::string>& words) {
  const auto parsed = parse_arguments(words);
  if (const auto* notice = std::get_if<Notice>(&parsed)) {
    if (notice->error) return report(*notice->error);
    std::fputs(notice->text.c_str(), notice->exit_code == ExitCode::ok ? stdout : stderr);
    return notice->exit_code;
  }
  return std::visit(Runner{}, std::get<Verb>(parsed));
}

// Half an answer is no success.
ExitCode whole(ExitCode code) {
  errno = 0;
  if ((std::fflush(stdout) == 0 && std::ferror(stdout) == 0) || code != ExitCode::ok) return code;
  const char* why = errno != 0 ? std::strerror(errno) : "an error";
  return report(tasker::make_error(
      tasker::Code::internal,
      fmt::format("stdout could not be written to: {}; what the command asked for was done", why)));
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  // For hosts, not for people: it is in no help.
  if (!words.empty() && words.front() == "runner")
    return words.size() > 1 && words[1] == tasker::runner::kProberWord ? tasker::runner::run_prober() : tasker::runner::run_child();
  if (asks_for_json(words)) report_as_json();
  const auto code = static_cast<int>(whole(run(words)));
  tasker::log_flush();
  if (tasker::plugin::has_left_calls()) ::_exit(code);
  return code;
}
