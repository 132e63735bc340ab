#include "http/reason_body.h"

#include "base/json_value.h"

namespace tasker::http {
namespace {

constexpr std::size_t kLongest = 1'000;

}  // namespace

Result<std::string> parse_reason(std::string_view body) {
  if (body.empty()) return std::string();
  const auto parsed = json::parse(body);
  if (!parsed) return parsed.error();
  if (!parsed->is(JsonKind::object))
    return make_error(Code::invalid_argument, "The body must be an object such as {\"reason\": \"its library was installed\"}, or empty.");
  for (const auto& member : parsed->members)
    if (member.key != "reason")
      return make_error(Code::request_unknown_field, "There is no field '" + member.key.substr(0, 80) + "' here, only 'reason'.");
  const auto* reason = parsed->find("reason");
  if (reason == nullptr) return std::string();
  if (!reason->is(JsonKind::string) || reason->string.size() > kLongest)
    return make_error(Code::invalid_argument, "'reason' must be a text of at most " + std::to_string(kLongest) + " bytes.");
  return reason->string;
}

}  // namespace tasker::http
