#include "app/plugin_list.h"

#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/api_client.h"
#include "app/document.h"

namespace tasker::app {
namespace {

std::string text(const nlohmann::json& from, std::initializer_list<const char*> keys) {
  for (const char* key : keys)
    if (const auto found = from.find(key); found != from.end() && found->is_string()) return found->get<std::string>();
  return {};
}

std::string count(const nlohmann::json& from, const char* key) {
  const auto found = from.find(key);
  return found != from.end() && found->is_number_integer() ? std::to_string(found->get<std::int64_t>()) : "";
}

// Nothing for none: the column is read for what keeps a version.
std::string open_tasks(const nlohmann::json& from) {
  const auto number = count(from, "open_tasks");
  return number == "0" ? "" : number + (from.value("more_open_tasks", false) ? "+" : "");
}

bool flag(const nlohmann::json& from, const char* key) {
  const auto found = from.find(key);
  return found != from.end() && found->is_boolean() && found->get<bool>();
}

// What tasks without a version take; marked in the table, a column of its own in a pipe.
std::string default_of(const nlohmann::json& from) { return flag(from, "pinned") ? "pinned" : flag(from, "default") ? "default" : ""; }

// As `task submit` takes them; a file that is no plugin has no name.
std::string names_of_plugins(const std::string& body) {
  std::string names;
  const auto parsed = nlohmann::json::parse(body);
  for (const auto& plugin : parsed.at("plugins"))
    if (const auto name = text(plugin, {"name"}); !name.empty())
      names += printable(text(plugin, {"namespace", "namespace_name"}) + "/" + name + "@" + text(plugin, {"version"})) + "\n";
  return names;
}

}  // namespace

Result<Table> table_of_plugins(std::string_view json, bool wide, bool is_tty) {
  const auto parsed = nlohmann::json::parse(json, nullptr, false);
  if (!parsed.is_object() || !parsed.contains("plugins") || !parsed["plugins"].is_array())
    return make_error(Code::server_bad_answer, "the server's answer is not a list of plugins; are both of the same version?");
  std::vector<std::string> headings = {"NAMESPACE", "NAME", "VERSION", "STATE", "HOSTS", "TASKS"};
  if (is_tty) headings.push_back("ISOLATION");
  if (!is_tty) headings.insert(headings.end(), {"CODE", "REASON", "ISOLATION", "DEFAULT"});
  if (wide) headings.insert(headings.end(), {"SINCE", "SHA256", "OLDEST TASK", "NEXT WAKE"});
  Table table(headings);
  table.colour_column(3);
  if (!wide) table.fit();
  for (const auto& plugin : parsed["plugins"]) {
    if (!plugin.is_object()) continue;
    const auto code = text(plugin, {"code"}), reason = text(plugin, {"reason"});
    const auto version = text(plugin, {"version"}), chosen = default_of(plugin), isolation = text(plugin, {"isolation"});
    std::vector<std::string> row = {text(plugin, {"namespace", "namespace_name"}), text(plugin, {"name", "file"}),
                                    version + (is_tty && !chosen.empty() ? "*" : ""),
                                    text(plugin, {"state"}), count(plugin, "hosts"), open_tasks(plugin)};
    if (is_tty) row.push_back(isolation);
    if (!is_tty) row.insert(row.end(), {code, reason, isolation, chosen});
    row.insert(row.end(), {text(plugin, {"since"}), text(plugin, {"sha256"}), count(plugin, "oldest_task"), text(plugin, {"next_wake"})});
    table.add(std::move(row));
    if (!code.empty() || !reason.empty()) table.add_note(code + (code.empty() || reason.empty() ? "" : ": ") + reason);
  }
  return table;
}

ExitCode run_plugin_list(const PluginListArguments& arguments) {
  ApiClient client(choose_server(arguments.client.server), {.verbose = arguments.client.verbose});
  const auto body = client.get("/plugins");
  if (!body) return report(body.error());
  const auto format = arguments.client.output;
  if (format == OutputFormat::jsonl) return print_lines_of(*body, "plugins");
  if (is_document(format)) return print_document(*body, format);
  const auto terminal = terminal_of_stdout(arguments.client.colour);
  const auto table = table_of_plugins(*body, format == OutputFormat::wide, terminal.is_tty);
  if (!table) return report(table.error());
  const auto shown = format == OutputFormat::name ? names_of_plugins(*body) : table->render(terminal);
  std::fwrite(shown.data(), 1, shown.size(), stdout);
  return ExitCode::ok;
}

}  // namespace tasker::app
