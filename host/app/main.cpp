// tasker: arguments to verb, verb to exit code. Everything else is elsewhere.
#include <cstdio>
#include <string>
#include <variant>
#include <vector>

#include "app/arguments.h"
#include "app/config_view.h"
#include "app/plugin_inspect.h"
#include "app/plugin_list.h"
#include "app/server_verbs.h"
#include "app/task_verbs.h"

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
  ExitCode operator()(const PluginInspectArguments& arguments) const { return run_plugin_inspect(arguments); }
  ExitCode operator()(const ConfigViewArguments& arguments) const { return run_config_view(arguments); }
  ExitCode operator()(const VersionArguments& arguments) const {
    const bool json = arguments.output == OutputFormat::json;
    std::printf(json ? "{\"version\":\"%s\"}\n" : "tasker %s\n", TASKER_VERSION);
    return ExitCode::ok;
  }
};

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> words(argv + 1, argv + argc);
  if (asks_for_json(words)) report_as_json();
  const auto parsed = parse_arguments(words);
  if (const auto* notice = std::get_if<Notice>(&parsed)) {
    if (notice->error) return static_cast<int>(report(*notice->error));
    std::fputs(notice->text.c_str(), notice->exit_code == ExitCode::ok ? stdout : stderr);
    return static_cast<int>(notice->exit_code);
  }
  return static_cast<int>(std::visit(Runner{}, std::get<Verb>(parsed)));
}
