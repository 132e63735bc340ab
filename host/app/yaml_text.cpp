#include "app/yaml_text.h"

#include <algorithm>

#include "base/json_value.h"

namespace tasker::app {
namespace {

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }
bool is_plain(char c) { return is_letter(c) || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.' || c == '/' || c == '@'; }

// Only words that no YAML reader takes for something else; all others keep their quotes, and JSON's are YAML's too.
std::string scalar(const std::string& text) {
  static constexpr std::string_view kTaken[] = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"};
  std::string lower = text;
  std::ranges::transform(lower, lower.begin(), [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  const bool plain = !text.empty() && is_letter(text[0]) && std::ranges::all_of(text, is_plain) &&
                     std::ranges::find(kTaken, lower) == std::end(kTaken);
  return plain ? text : json_quote(text);
}

std::string scalar(const json::Value& value) {
  if (value.is(JsonKind::string)) return scalar(value.string);
  if (value.is(JsonKind::object)) return "{}";
  if (value.is(JsonKind::array)) return "[]";
  return std::string(value.text);
}

bool is_block(const json::Value& value) { return !value.items.empty() || !value.members.empty(); }

// The first line goes on where the caller stands.
void append(std::string& out, const json::Value& value, std::size_t indent) {
  auto next_line = [&, first = true]() mutable {
    if (!std::exchange(first, false)) out.append(indent, ' ');
  };
  for (const auto& item : value.items) {
    next_line();
    out += "- ";
    if (is_block(item)) append(out, item, indent + 2);
    else out += scalar(item) + "\n";
  }
  for (const auto& [key, member] : value.members) {
    next_line();
    out += scalar(key) + ":";
    if (!is_block(member)) {
      out += " " + scalar(member) + "\n";
    } else {
      out.append("\n").append(indent + 2, ' ');
      append(out, member, indent + 2);
    }
  }
}

}  // namespace

Result<std::string> yaml_of(std::string_view text) {
  const auto parsed = json::parse(text, {.max_bytes = 64u << 20});
  if (!parsed) return parsed.error();
  if (!is_block(*parsed)) return scalar(*parsed) + "\n";
  std::string out;
  append(out, *parsed, 0);
  return out;
}

}  // namespace tasker::app
