#include "engine/handler_hint.h"

#include <fmt/format.h>

#include "base/json_value.h"

namespace tasker::engine {
namespace {

constexpr std::size_t kMaxReason = 300;

std::string_view text(const json::Value& plugin, std::string_view key) {
  const auto* found = plugin.find(key);
  return found != nullptr && found->is(JsonKind::string) ? std::string_view(found->string) : std::string_view();
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
  return refused + elsewhere;
}

}  // namespace tasker::engine
