#include "config/plugin_secrets.h"

#include <algorithm>

#include <fmt/format.h>

#include "base/json_value.h"
#include "base/secrets.h"
#include "config/secret_file.h"

namespace tasker::config {
namespace {

constexpr std::string_view kFileSuffix = "_FILE";
constexpr std::string_view kOpens = "${";

Error unavailable(std::string why, Retry retry = Retry::never) {
  return make_error(Code::plugin_config_unavailable, "its configuration: " + std::move(why), retry);
}

bool is_name(std::string_view text) {
  const auto fits = [](char c) { return c == '_' || (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  return !text.empty() && (text[0] < '0' || text[0] > '9') && std::ranges::all_of(text, fits);
}

class Resolver {
 public:
  explicit Resolver(const Environment& environment) : environment_(environment) {}

  // `path` is the value's place, for sentences.
  Result<void> append(const json::Value& value, const std::string& path, std::string& out) const {
    switch (value.kind) {
      case JsonKind::object: return append_object(value, path, out);
      case JsonKind::array: return append_array(value, path, out);
      case JsonKind::string: return append_text(value, path, out);
      default: out += value.text; return {};
    }
  }

 private:
  Result<void> append_object(const json::Value& object, const std::string& path, std::string& out) const {
    out += '{';
    bool is_first = true;
    for (const json::Member& member : object.members) {
      if (!std::exchange(is_first, false)) out += ',';
      const std::string place = path.empty() ? member.key : path + "." + member.key;
      const bool in_file = member.key.size() > kFileSuffix.size() && member.key.ends_with(kFileSuffix);
      const std::string key = in_file ? member.key.substr(0, member.key.size() - kFileSuffix.size()) : member.key;
      if (in_file && object.find(key)) return unavailable(fmt::format("{} and {} are both there; write only one of them", place, key));
      out += json_quote(key) + ":";
      const auto done = in_file ? append_file(member.value, place, out) : append(member.value, place, out);
      if (!done) return done;
    }
    out += '}';
    return {};
  }

  Result<void> append_array(const json::Value& array, const std::string& path, std::string& out) const {
    out += '[';
    for (std::size_t i = 0; i < array.items.size(); ++i) {
      if (i > 0) out += ',';
      if (auto done = append(array.items[i], fmt::format("{}[{}]", path, i), out); !done) return done;
    }
    out += ']';
    return {};
  }

  Result<void> append_file(const json::Value& value, const std::string& path, std::string& out) const {
    if (!value.is(JsonKind::string)) return unavailable(path + " must be the path of a file");
    const auto file = filled(value.string, path);
    if (!file) return file.error();
    const auto content = read_secret_file(*file);
    if (!content) return unavailable(path + ": " + content.error().message, Retry::later);
    if (content->empty()) return unavailable(path + ": the file " + *file + " is empty", Retry::later);
    hide(*content);
    out += json_quote(*content);
    return {};
  }

  Result<void> append_text(const json::Value& value, const std::string& path, std::string& out) const {
    if (value.string.find(kOpens) == std::string::npos) {
      out += value.text;
      return {};
    }
    const auto text = filled(value.string, path);
    if (!text) return text.error();
    out += json_quote(*text);
    return {};
  }

  Result<std::string> filled(std::string_view text, const std::string& path) const {
    std::string out;
    for (;;) {
      const auto at = text.find(kOpens);
      out += text.substr(0, at);
      if (at == std::string_view::npos) return out;
      const bool is_escaped = at > 0 && text[at - 1] == '$';
      const auto end = text.find('}', at);
      if (is_escaped) {
        out += '{';  // behind the $ that is there already
        text.remove_prefix(at + kOpens.size());
        continue;
      }
      const std::string name(end == std::string_view::npos ? "" : text.substr(at + kOpens.size(), end - at - kOpens.size()));
      if (!is_name(name))
        return unavailable(path + " has ${ without the name of a variable and }; write $${ where ${ itself is meant");
      const char* value = environment_(name.c_str());
      if (!value || !*value)
        return unavailable(fmt::format("{} refers to the environment variable {}, which is {}", path, name, value ? "empty" : "not set"));
      hide(value);
      out += value;
      text.remove_prefix(end + 1);
    }
  }

  const Environment& environment_;
};

}  // namespace

Result<std::string> with_secrets(std::string_view text, const Environment& environment) {
  const auto root = json::parse(text);
  if (!root) return unavailable(root.error().message);
  std::string out;
  if (auto done = Resolver(environment).append(*root, "", out); !done) return done.error();
  return out;
}

}  // namespace tasker::config
