#include "http/query.h"

#include <charconv>

namespace tasker::http {
namespace {

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

// False on a bad escape, and on a NUL, which no name or filter can hold.
bool percent_decode(std::string_view text, bool plus_is_space, std::string& out) {
  out.clear();
  for (std::size_t at = 0; at < text.size(); ++at) {
    char c = text[at];
    if (c == '%') {
      if (at + 2 >= text.size()) return false;
      const int high = hex_value(text[at + 1]);
      const int low = hex_value(text[at + 2]);
      if (high < 0 || low < 0) return false;
      c = static_cast<char>(high * 16 + low);
      at += 2;
    } else if (c == '+' && plus_is_space) {
      c = ' ';
    }
    if (c == '\0') return false;
    out += c;
  }
  return true;
}

Error bad_escape(std::string_view part) {
  return make_error(Code::request_parameter,
                    "The request target could not be read: '" + std::string(part.substr(0, 80)) +
                        "' holds a bad percent escape. Write %XX with two hexadecimal digits.");
}

Result<void> parse_query(std::string_view text, Target& out) {
  while (!text.empty()) {
    const std::size_t end = text.find('&');
    const std::string_view pair = text.substr(0, end);
    text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    if (pair.empty()) continue;
    const std::size_t equals = pair.find('=');
    std::string name;
    std::string value;
    if (!percent_decode(pair.substr(0, equals), true, name) ||
        !percent_decode(equals == std::string_view::npos ? std::string_view{} : pair.substr(equals + 1), true,
                        value)) {
      return bad_escape(pair);
    }
    out.query.emplace_back(std::move(name), std::move(value));
  }
  return {};
}

}  // namespace

const std::string* Target::find(std::string_view name) const {
  for (const auto& [key, value] : query) {
    if (key == name) return &value;
  }
  return nullptr;
}

Result<Target> parse_target(std::string_view target) {
  Target out;
  const std::size_t mark = target.find('?');
  out.path = std::string(target.substr(0, mark));
  if (out.path.empty() || out.path.front() != '/') {
    return make_error(Code::request_parameter, "The request target must begin with '/'.");
  }
  std::string_view rest = std::string_view(out.path).substr(1);
  while (!rest.empty()) {
    const std::size_t end = rest.find('/');
    std::string segment;
    if (!percent_decode(rest.substr(0, end), false, segment)) return bad_escape(rest.substr(0, end));
    out.segments.push_back(std::move(segment));
    out.trailing_slash = end == rest.size() - 1;
    rest = end == std::string_view::npos ? std::string_view{} : rest.substr(end + 1);
  }
  if (mark == std::string_view::npos) return out;
  if (auto parsed = parse_query(target.substr(mark + 1), out); !parsed) return parsed.error();
  return out;
}

Result<void> check_parameters(const Target& target, std::initializer_list<std::string_view> known) {
  for (std::size_t i = 0; i < target.query.size(); ++i) {
    const std::string& name = target.query[i].first;
    bool is_known = false;
    std::string list;
    for (std::string_view each : known) {
      is_known = is_known || name == each;
      list += (list.empty() ? "" : ", ") + std::string(each);
    }
    if (!is_known) {
      return make_error(Code::request_parameter,
                        "The query parameter '" + name.substr(0, 80) + "' is not known here. " +
                            (list.empty() ? "This path takes none." : "This path takes: " + list + "."));
    }
    for (std::size_t j = 0; j < i; ++j) {
      if (target.query[j].first == name) {
        return make_error(Code::request_parameter,
                          "The query parameter '" + name + "' comes twice. Send it once.");
      }
    }
  }
  return {};
}

Result<std::int64_t> parse_number(std::string_view name, std::string_view text, std::int64_t low,
                                  std::int64_t high) {
  std::int64_t value = 0;
  const auto [end, failed] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (failed != std::errc{} || end != text.data() + text.size() || value < low || value > high) {
    return make_error(Code::request_parameter, "'" + std::string(name) + "' must be a whole number from " +
                                                   std::to_string(low) + " to " + std::to_string(high) +
                                                   ", not '" + std::string(text.substr(0, 40)) + "'.");
  }
  return value;
}

}  // namespace tasker::http
