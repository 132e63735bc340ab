#include "app/config_view.h"

#include <cstdio>
#include <optional>

#include <spdlog/fmt/fmt.h>

#include "app/data_dir.h"
#include "app/document.h"
#include "app/host_settings.h"
#include "app/narration.h"
#include "app/table.h"
#include "app/terminal.h"
#include "base/json.h"
#include "config/view.h"

namespace tasker::app {
namespace {

std::string as_json(const std::vector<config::ViewRow>& rows) {
  std::string out;
  for (const auto& row : rows)
    out += fmt::format("{}{}:{{\"value\":{},\"origin\":{}}}", out.empty() ? "" : ",", json_quote(row.key), row.json,
                       json_quote(row.origin));
  return "{" + out + "}\n";
}

std::string as_table(const std::vector<config::ViewRow>& rows, bool origin) {
  Table table(origin ? std::vector<std::string>{"KEY", "VALUE", "ORIGIN"} : std::vector<std::string>{"KEY", "VALUE"});
  for (const auto& row : rows) table.add({row.key, row.value, row.origin});
  return table.render(terminal_of_stdout());
}

}  // namespace

ExitCode run_config_view(const ConfigViewArguments& arguments) {
  config::Origins origins;
  const auto settings = read_settings(choose_config(arguments.config), &origins);
  if (!settings) return report(settings.error());
  config::hide_secrets_of(*settings);
  const auto rows = config::view_of(*settings, origins);
  for (const auto& sentence : config::misspelt_variables(config::process_variables())) say("warning: " + sentence);
  if (is_document(arguments.output)) return print_document(as_json(rows), arguments.output);
  const auto shown = as_table(rows, arguments.origin);
  std::fwrite(shown.data(), 1, shown.size(), stdout);
  std::fflush(stdout);
  // For people: behind a pipe it would stand before what grep lets through.
  if (const auto dev = terminal_of_stdout().is_tty ? read_address(default_data_dir()) : std::nullopt)
    say(fmt::format("These are the values of `tasker serve`. The host that `tasker dev` runs at {} has a database, folders and "
                    "a log of its own.", *dev));
  return ExitCode::ok;
}

}  // namespace tasker::app
