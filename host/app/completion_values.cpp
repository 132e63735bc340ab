#include "app/completion_values.h"

#include <algorithm>
#include <cstdio>
#include <nlohmann/json.hpp>

#include "app/api_client.h"

namespace tasker::app {
namespace {

constexpr auto kConnect = std::chrono::milliseconds(300);
constexpr auto kMoment = std::chrono::milliseconds(1000);

std::string text(const nlohmann::json& from, const char* key) {
  const auto found = from.find(key);
  return found != from.end() && found->is_string() ? printable(found->get<std::string>()) : std::string();
}

// As `task submit` takes them; a version only once somebody began to ask for one.
std::vector<std::string> handlers_of(const nlohmann::json& plugin, bool with_version) {
  if (text(plugin, "state") != "active") return {};
  const auto space = text(plugin, "namespace"), name = text(plugin, "name");
  const auto version = with_version ? "@" + text(plugin, "version") : "";
  if (space == "default") return {name + version, space + "/" + name + version};
  return {space + "/" + name + version};
}

}  // namespace

std::vector<std::string> values_in(std::string_view body, LiveValues wanted, const std::string& typed) {
  std::vector<std::string> values;
  const auto add = [&](std::string value) {
    if (!value.empty() && value.starts_with(typed) && std::find(values.begin(), values.end(), value) == values.end())
      values.push_back(std::move(value));
  };
  const auto parsed = nlohmann::json::parse(body, nullptr, false);
  const bool of_tasks = wanted == LiveValues::task_ids;
  const auto list = parsed.is_object() ? parsed.find(of_tasks ? "tasks" : "plugins") : parsed.end();
  if (!parsed.is_object() || list == parsed.end() || !list->is_array()) return values;
  for (const auto& item : *list) {
    if (!item.is_object()) continue;
    if (const auto id = item.find("task_id"); of_tasks && id != item.end() && id->is_number_integer())
      add(std::to_string(id->get<std::int64_t>()));
    if (wanted == LiveValues::namespaces) add(text(item, "namespace"));
    if (wanted == LiveValues::names) add(text(item, "name"));
    if (wanted == LiveValues::versions) add(text(item, "version"));
    const auto name = text(item, "name");
    if (wanted == LiveValues::plugin_names && !name.empty()) add(text(item, "namespace") + "/" + name);
    if (wanted == LiveValues::plugin_versions && !name.empty()) add(text(item, "namespace") + "/" + name + "@" + text(item, "version"));
    if (wanted == LiveValues::handlers)
      for (auto& handler : handlers_of(item, typed.find('@') != std::string::npos)) add(std::move(handler));
  }
  return values;
}

ExitCode run_complete(const CompleteArguments& arguments) {
  ApiClient client(choose_server(arguments.server), {.connect_deadline = kConnect, .deadline = kMoment});
  const auto body = client.get(arguments.wanted == LiveValues::task_ids ? "/tasks?limit=100" : "/plugins");
  if (!body) return ExitCode::ok;
  for (const auto& value : values_in(*body, arguments.wanted, arguments.typed))
    std::printf("%s%s\n", arguments.before.c_str(), value.c_str());
  return ExitCode::ok;
}

}  // namespace tasker::app
