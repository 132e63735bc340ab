#include "base/json.h"

#include "base/json_scanner.h"
#include "base/utf8.h"

namespace tasker {

Result<JsonKind> check_json(std::string_view text, const JsonLimits& limits) {
  return json::scan(text, limits, nullptr);
}

bool is_json_object(std::string_view text, const JsonLimits& limits) {
  const auto kind = check_json(text, limits);
  return kind.has_value() && *kind == JsonKind::object;
}

std::string json_quote(std::string_view text) {
  static constexpr std::string_view kReplacement = "\xEF\xBF\xBD";
  static constexpr char kDigits[] = "0123456789abcdef";
  std::string out;
  out.reserve(text.size() + 2);
  out.push_back('"');
  for (std::size_t at = 0; at < text.size();) {
    const char c = text[at];
    const std::size_t length = utf8_length(text, at);
    if (length == 0 || c == '\0') {
      out.append(kReplacement);
      ++at;
      continue;
    }
    switch (c) {
      case '"':
        out.append("\\\"");
        break;
      case '\\':
        out.append("\\\\");
        break;
      case '\n':
        out.append("\\n");
        break;
      case '\r':
        out.append("\\r");
        break;
      case '\t':
        out.append("\\t");
        break;
      default:
        if (static_cast<unsigned char>(c) < 0x20) {
          out.append("\\u00");
          out.push_back(kDigits[(c >> 4) & 15]);
          out.push_back(kDigits[c & 15]);
        } else {
          out.append(text, at, length);
        }
    }
    at += length;
  }
  out.push_back('"');
  return out;
}

}  // namespace tasker
