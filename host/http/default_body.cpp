#include "http/default_body.h"

#include "base/json_value.h"

namespace tasker::http {

Result<std::string> parse_default(std::string_view body) {
  const auto parsed = json::parse(body);
  if (!parsed) return parsed.error();
  const auto* version = parsed->find("version");
  if (!parsed->is(JsonKind::object) || version == nullptr)
    return make_error(Code::request_missing, "Name the version to pin: {\"version\": \"1.4.0\"}. DELETE takes a pin away.");
  for (const auto& member : parsed->members)
    if (member.key != "version")
      return make_error(Code::request_unknown_field, "There is no field '" + member.key.substr(0, 80) + "' here, only 'version'.");
  if (!version->is(JsonKind::string) || version->string.empty())
    return make_error(Code::invalid_argument, "'version' must be a text such as \"1.4.0\". DELETE takes a pin away.");
  return version->string;
}

}  // namespace tasker::http
