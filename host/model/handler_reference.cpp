#include "model/handler_reference.h"

#include <algorithm>

#include "base/semver.h"
#include "model/template_yaml.h"

namespace tasker::model {
namespace {

constexpr std::string_view kForm = "; write namespace/name@range#handler, such as std/http@^1#request";

Error bad(std::string what) { return make_error(Code::template_invalid, std::move(what) + std::string(kForm)); }

}  // namespace

bool is_handler_reference(std::string_view handler_class) { return handler_class.find_first_of("/@#") != std::string_view::npos; }

Result<HandlerReference> parse_handler_reference(std::string_view text) {
  const auto hash = text.find('#');
  if (hash == std::string_view::npos) return bad("it names a plugin and no handler of it");
  HandlerReference reference;
  reference.handler = text.substr(hash + 1);
  std::string_view plugin = text.substr(0, hash);
  if (const auto at = plugin.find('@'); at != std::string_view::npos) {
    reference.range = plugin.substr(at + 1);
    plugin = plugin.substr(0, at);
    if (reference.range.empty()) return bad("there is no version after the @");
    const auto range = VersionRange::parse(reference.range);
    if (!Semver::parse(reference.range) && !range) return bad(range.error().message);
  }
  const auto slash = plugin.find('/');
  if (slash == std::string_view::npos) return bad("it names a plugin without a namespace");
  reference.namespace_name = plugin.substr(0, slash);
  reference.name = plugin.substr(slash + 1);
  if (!is_task_name(reference.namespace_name)) return bad("\"" + reference.namespace_name + "\" is not a namespace");
  if (!is_task_name(reference.name)) return bad("\"" + reference.name + "\" is not a plugin's name");
  const bool is_plain = std::ranges::all_of(reference.handler, [](unsigned char c) { return c > ' ' && c < 0x7f && c != '#' && c != '/' && c != '@'; });
  if (reference.handler.empty() || reference.handler.size() > 256 || !is_plain) return bad("there is no handler's name after the #");
  return reference;
}

}  // namespace tasker::model
