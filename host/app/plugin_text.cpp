#include "app/plugin_text.h"

#include <functional>
#include <nlohmann/json.hpp>
#include <vector>

#include <spdlog/fmt/fmt.h>

namespace tasker::app {
namespace {

using Json = nlohmann::json;

std::string text(const Json& from, const char* key) {
  const auto found = from.find(key);
  if (found == from.end() || found->is_null()) return {};
  return printable(found->is_string() ? found->get<std::string>() : found->dump());
}

std::int64_t number(const Json& from, const char* key) {
  const auto found = from.find(key);
  return found != from.end() && found->is_number_integer() ? found->get<std::int64_t>() : 0;
}

bool flag(const Json& from, const char* key) {
  const auto found = from.find(key);
  return found != from.end() && found->is_boolean() && found->get<bool>();
}

Error bad_answer() {
  return make_error(Code::server_bad_answer, "the server's answer is not about a plugin; are both of the same version?");
}

std::string count_of(const PluginView& plugin) { return std::to_string(plugin.open_tasks) + (plugin.more_open_tasks ? "+" : ""); }

std::string need_of(const PluginView& plugin) {
  if (plugin.open_tasks == 0) return "no open task has it";
  return fmt::format("{} open {} it, the oldest is task {}{}", count_of(plugin), plugin.open_tasks == 1 ? "task has" : "tasks have",
                     plugin.oldest_task, plugin.next_wake.empty() ? "" : ", the next delayed step is due at " + local_time(plugin.next_wake));
}

PluginView view_of(const Json& json) {
  PluginView plugin;
  plugin.namespace_name = text(json, "namespace");
  plugin.name = text(json, "name");
  plugin.version = text(json, "version");
  plugin.state = text(json, "state");
  plugin.code = text(json, "code");
  plugin.reason = text(json, "reason");
  plugin.hosts = number(json, "hosts");
  plugin.quarantined_hosts = number(json, "quarantined_hosts");
  plugin.open_tasks = number(json, "open_tasks");
  plugin.more_open_tasks = flag(json, "more_open_tasks");
  plugin.oldest_task = text(json, "oldest_task");
  plugin.oldest_task_at = text(json, "oldest_task_at");
  plugin.next_wake = text(json, "next_wake");
  plugin.since = text(json, "since");
  plugin.is_retired = !text(json, "retired_at").empty();
  plugin.is_default = flag(json, "default");
  plugin.is_pinned = flag(json, "pinned");
  return plugin;
}

using Lines = std::vector<std::pair<std::string, std::string>>;

void add(Lines& lines, const char* label, const std::string& value) {
  if (!value.empty()) lines.emplace_back(label, value);
}

void add_events(Lines& lines, const Json& from, const char* key, const char* label, const std::function<std::string(const Json&)>& tell) {
  const auto list = from.find(key);
  if (list == from.end() || !list->is_array()) return;
  for (const auto& event : *list)
    if (event.is_object()) lines.emplace_back(label, local_time(text(event, "at")) + "  " + tell(event));
}

std::string told_event(const Json& event) {
  const auto host = text(event, "host_id"), code = text(event, "code"), reason = text(event, "reason");
  return text(event, "what") + (host.empty() ? "" : " on host " + host) + (code.empty() ? "" : ": " + code) +
         (reason.empty() ? "" : ": " + reason);
}

std::string told_crash(const Json& crash) {
  const auto task = text(crash, "task_id");
  return fmt::format("{} in step {}{}, which ended host {}", text(crash, "signal"), text(crash, "step"), task.empty() ? "" : " of task " + task,
                     text(crash, "host_id"));
}

std::string names_in(const Json& from, const char* key) {
  const auto list = from.find(key);
  std::string names;
  if (list != from.end() && list->is_array())
    for (const auto& name : *list)
      if (name.is_string()) names += (names.empty() ? "" : ", ") + printable(name.get<std::string>());
  return names;
}

Lines lines_of(const Json& json, const PluginView& plugin) {
  Lines lines;
  add(lines, "plugin", fmt::format("{}/{} {}", plugin.namespace_name, plugin.name, plugin.version));
  add(lines, "state", plugin.state + (plugin.is_retired ? ", retired" : "") +
                          (plugin.is_pinned ? ", the pinned default" : plugin.is_default ? ", the default" : ""));
  add(lines, "reason", plugin.code + (plugin.code.empty() || plugin.reason.empty() ? "" : ": ") + plugin.reason);
  add(lines, "since", local_time(text(json, "since")));
  add(lines, "retired", local_time(text(json, "retired_at")));
  add(lines, "hosts", text(json, "hosts"));
  if (plugin.quarantined_hosts > 0) add(lines, "quarantined", fmt::format("on {} host{}", plugin.quarantined_hosts, plugin.quarantined_hosts == 1 ? "" : "s"));
  add(lines, "isolation", text(json, "isolation"));
  add(lines, "open tasks", need_of(plugin));
  add(lines, "sha256", text(json, "sha256"));
  if (const auto here = json.find("here"); here != json.end() && here->is_object()) {
    add(lines, "file", text(*here, "file"));
    const auto state = text(*here, "state");
    if (state != plugin.state) add(lines, "on this host", state + (text(*here, "reason").empty() ? "" : ": " + text(*here, "reason")));
  }
  add(lines, "handlers", names_in(json, "handlers"));
  add_events(lines, json, "history", "history", told_event);
  add_events(lines, json, "crashes", "crash", told_crash);
  return lines;
}

}  // namespace

Result<PluginView> read_plugin(std::string_view body) {
  const auto json = Json::parse(body, nullptr, false);
  if (!json.is_object() || text(json, "name").empty() || text(json, "state").empty()) return bad_answer();
  return view_of(json);
}

bool runs(const PluginView& plugin) {
  return (plugin.state == "active" || plugin.state == "draining") && plugin.quarantined_hosts == 0;
}

bool has_left(const PluginView& plugin) {
  if (plugin.hosts + plugin.quarantined_hosts > 0 || plugin.open_tasks > 0) return false;
  return plugin.state == "unloaded" || plugin.state == "resident" || plugin.state == "stuck" || plugin.state == "unavailable";
}

std::string sentence_of(const PluginView& plugin) {
  auto sentence = fmt::format("{}/{} {} is {}", plugin.namespace_name, plugin.name, plugin.version, plugin.state);
  if (plugin.hosts > 0) sentence += fmt::format(" on {} host{}", plugin.hosts, plugin.hosts == 1 ? "" : "s");
  if (plugin.quarantined_hosts > 0) return sentence + (plugin.reason.empty() ? "" : ": " + plugin.reason);
  if (plugin.state == "active") return sentence + (plugin.is_retired ? "; not every host has heard yet that it is retired" : "");
  if (plugin.hosts > 0 || plugin.open_tasks > 0) sentence += ": " + need_of(plugin);
  if (!plugin.is_retired && !plugin.reason.empty()) sentence += "; " + plugin.reason;
  return sentence;
}

Result<std::string> text_of_plugin(std::string_view body, const Terminal& terminal) {
  const auto plugin = read_plugin(body);
  if (!plugin) return plugin.error();
  std::string out, before;
  for (const auto& [label, value] : lines_of(Json::parse(body), *plugin)) {
    if (!terminal.is_tty) {
      out += label + "\t" + value + "\n";
      continue;
    }
    const auto head = fmt::format("{:<13}", label == before ? "" : label);
    for (const auto& line : broken_at(head + value, terminal.columns, static_cast<int>(head.size()))) out += line + "\n";
    before = label;
  }
  return out;
}

Result<std::string> sentence_of_default(std::string_view body) {
  const auto json = Json::parse(body, nullptr, false);
  if (!json.is_object() || text(json, "name").empty() || !json.contains("pinned")) return bad_answer();
  const auto plugin = text(json, "namespace") + "/" + text(json, "name"), version = text(json, "version");
  const auto others = names_in(json, "versions");
  const auto offered = others.empty() ? "none is offered" : "offered: " + others;
  if (version.empty()) return fmt::format("{} has no default: no stable version is offered ({})", plugin, offered);
  if (!flag(json, "available"))
    return fmt::format("the default of {} is {}, pinned, and no living host takes new tasks for it: tasks without a version are refused ({})",
                       plugin, version, offered);
  return fmt::format("the default of {} is {}, {} ({})", plugin, version, flag(json, "pinned") ? "pinned" : "the newest stable version", offered);
}

}  // namespace tasker::app
