#include "engine/handler_hint.h"

#include <string>
#include <vector>

#include <fmt/format.h>

#include "base/json_value.h"
#include "base/yaml_tree.h"

namespace tasker::engine {
namespace {

constexpr std::size_t kMaxReason = 300;

std::string_view text(const json::Value& plugin, std::string_view key) {
  const auto* found = plugin.find(key);
  return found != nullptr && found->is(JsonKind::string) ? std::string_view(found->string) : std::string_view();
}

std::string lower(std::string text) {
  for (char& c : text)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  return text;
}

// Both words at once: the namespace may be the misspelt one.
std::string nearest_handler(const json::Value& list, const std::string& wanted) {
  std::vector<std::string> loaded;
  for (const auto& plugin : list.items)
    if (text(plugin, "state") == "active") loaded.push_back(fmt::format("{}/{}", text(plugin, "namespace"), text(plugin, "name")));
  const std::vector<std::string_view> views(loaded.begin(), loaded.end());
  const auto near = yaml::nearest(lower(wanted), views);
  // The very one: then only its version is wrong.
  return near.empty() || near == wanted ? "" : fmt::format("; did you mean {}?", near);
}

}  // namespace

std::string handler_hint(std::string_view plugins, std::string_view namespace_name, std::string_view name) {
  const auto parsed = json::parse(plugins);
  const auto* list = parsed ? parsed->find("plugins") : nullptr;
  if (list == nullptr) return {};
  std::string elsewhere, refused, last;
  for (const auto& plugin : list->items) {
    if (text(plugin, "name") != name) continue;
    const auto place = text(plugin, "namespace");
    const auto state = text(plugin, "state");
    if (place == namespace_name && state == "refused") {
      refused = fmt::format("; plugin {}/{} {} was refused: {}: {}", place, name, text(plugin, "version"), text(plugin, "code"),
                            text(plugin, "reason").substr(0, kMaxReason));
    } else if (place != namespace_name && state == "active" && place != last) {
      elsewhere += fmt::format("{}{}/{}", elsewhere.empty() ? "; did you mean " : " or ", place, name);
      last = place;
    }
  }
  if (!elsewhere.empty()) elsewhere += "?";
  if (refused.empty() && elsewhere.empty()) elsewhere = nearest_handler(*list, fmt::format("{}/{}", namespace_name, name));
  return refused + elsewhere;
}

}  // namespace tasker::engine
