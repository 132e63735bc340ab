#include "config/settings.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <fmt/format.h>

#include "base/yaml_tree.h"
#include "config/keys.h"
#include "config/secret_file.h"

namespace tasker::config {
namespace {

using yaml::Kind;
using yaml::Node;

constexpr std::string_view kFileSuffix = "_FILE";

Error invalid(std::string message) {
  return make_error(Code::config_invalid, std::move(message));
}

class Reader {
 public:
  Reader(std::string_view file_name, Settings& settings, Origins& origins)
      : file_(file_name), settings_(settings), origins_(origins) {}

  Result<int> read(const Node& root) {
    if (root.is(Kind::null)) return 0;
    if (!root.is(Kind::mapping))
      return invalid(fmt::format("{}:{}:{}: the file must hold sections, not {}", file_, root.line,
                                 root.column, kind_word(root.kind)));
    for (const yaml::Entry& entry : root.entries) {
      const auto done = is_section(entry.key) ? read_section(entry) : read_key("", entry);
      if (!done) return done.error();
    }
    return 0;
  }

 private:
  Result<int> read_section(const yaml::Entry& section) {
    if (section.value.is(Kind::null)) return 0;
    if (!section.value.is(Kind::mapping))
      return invalid(fmt::format("{}:{}:{}: {}: must be a section with keys below it", file_, section.line,
                                 section.column, section.key));
    for (const yaml::Entry& entry : section.value.entries) {
      if (const auto done = read_key(section.key, entry); !done) return done.error();
    }
    return 0;
  }

  Result<int> read_key(std::string_view section, const yaml::Entry& entry) {
    const auto found = std::ranges::find_if(
        keys(), [&](const Key& key) { return key.section == section && key.name == entry.key; });
    if (found == keys().end()) return unknown(section, entry);
    const Problem problem = found->set(settings_, entry.value);
    if (problem.empty()) {
      origins_[found->path()] = fmt::format("{}:{}", file_, entry.line);
      return 0;
    }
    return invalid(
        fmt::format("{}:{}:{}: {}: {}", file_, entry.value.line, entry.value.column, found->path(), problem));
  }

  Error unknown(std::string_view section, const yaml::Entry& entry) const {
    std::vector<std::string_view> known;
    for (const Key& key : keys()) {
      if (key.section == section) known.push_back(key.name);
      if (section.empty() && !key.section.empty() && std::ranges::find(known, key.section) == known.end())
        known.push_back(key.section);
    }
    std::string_view near = yaml::nearest(entry.key, known);
    std::string cure = near.empty() ? fmt::format("known here: {}", fmt::join(known, ", "))
                                    : fmt::format("did you mean {}?", near);
    std::string path = section.empty() ? entry.key : fmt::format("{}.{}", section, entry.key);
    return invalid(fmt::format("{}:{}:{}: {}: unknown key; {}", file_, entry.line, entry.column, path, cure));
  }

  std::string_view file_;
  Settings& settings_;
  Origins& origins_;
};

// A variable is meant for a key when it is TASKER_ENVIRONMENT or has the double underscore; others that begin
// with TASKER_ belong to tests and tools.
bool is_ours(std::string_view name) {
  return name == "TASKER_ENVIRONMENT" ||
         (name.starts_with("TASKER_") && name.find("__") != std::string_view::npos);
}

const Key* key_of_variable(std::string_view name) {
  const auto found = std::ranges::find_if(keys(), [&](const Key& key) { return key.variable() == name; });
  return found == keys().end() ? nullptr : &*found;
}

// The key whose value lies in a file that this variable names: TASKER_DATABASE__URL_FILE.
const Key* key_of_file_variable(std::string_view name) {
  if (!name.ends_with(kFileSuffix)) return nullptr;
  const Key* key = key_of_variable(name.substr(0, name.size() - kFileSuffix.size()));
  return key != nullptr && key->may_be_secret ? key : nullptr;
}

Error unknown_variable(const std::string& name) {
  std::vector<std::string> known;
  for (const Key& key : keys()) {
    known.push_back(key.variable());
    if (key.may_be_secret) known.push_back(key.variable() + std::string(kFileSuffix));
  }
  const std::vector<std::string_view> views(known.begin(), known.end());
  const std::string_view near = yaml::nearest(name, views);
  return invalid(fmt::format("environment variable {}: no key of the configuration has this name{}", name,
                             near.empty() ? "" : fmt::format("; did you mean {}?", near)));
}

// A text is taken as it is: YAML would read `a #b` as `a`, and 12 as a number.
Result<Node> node_of(const Key& key, const std::string& variable, const std::string& value) {
  if (key.show(Settings{}).is_text) return Node{Kind::string, value, 1, 1, {}, {}};
  return yaml::parse(value, variable, Code::config_invalid);
}

Result<int> apply_value(Settings& settings, const Key& key, const std::string& variable, const std::string& value) {
  const auto node = node_of(key, variable, value);
  if (!node) return node.error();
  const Problem problem = key.set(settings, *node);
  if (problem.empty()) return 0;
  return invalid(fmt::format("environment variable {}: {}: {}", variable, key.path(), problem));
}

Result<int> apply_variable(Settings& settings, Origins& origins, const Variables& all, const std::string& name,
                           const std::string& value) {
  if (const Key* key = key_of_variable(name)) {
    origins[key->path()] = fmt::format("environment variable {}", name);
    return apply_value(settings, *key, name, value);
  }
  const Key* key = key_of_file_variable(name);
  if (key == nullptr) return unknown_variable(name);
  if (all.contains(key->variable()))
    return invalid(fmt::format("environment variable {}: {} is set too; set only one of them", name, key->variable()));
  const auto content = read_secret_file(value);
  if (!content) return invalid(fmt::format("environment variable {}: {}", name, content.error().message));
  origins[key->path()] = fmt::format("file {} of environment variable {}", value, name);
  return apply_value(settings, *key, name, *content);
}

Result<int> check_together(const Settings& settings) {
  if (settings.liveness.timeout_seconds >= 2 * settings.liveness.heartbeat_seconds) return 0;
  return invalid(
      fmt::format("liveness.timeout_seconds is {}, but must be at least twice liveness.heartbeat_seconds "
                  "({}): one late heartbeat must not cost a host its work",
                  settings.liveness.timeout_seconds, settings.liveness.heartbeat_seconds));
}

}  // namespace

Variables process_variables() {
  Variables out;
  for (char** entry = environ; entry && *entry; ++entry) {
    const std::string_view text(*entry);
    const std::size_t equals = text.find('=');
    if (text.starts_with("TASKER_") && equals != std::string_view::npos)
      out.emplace(text.substr(0, equals), text.substr(equals + 1));
  }
  return out;
}

std::vector<std::string> misspelt_variables(const Variables& variables) {
  const auto letters = [](std::string name) {
    std::erase(name, '_');
    return name;
  };
  std::vector<std::string> out;
  for (const auto& [name, value] : variables)
    for (const Key& key : keys())
      if (!is_ours(name) && letters(name) == letters(key.variable()))
        out.push_back(fmt::format("the environment variable {} is ignored; did you mean {}, with two underscores?", name, key.variable()));
  return out;
}

std::vector<std::string> settings_keys() {
  std::vector<std::string> out;
  for (const Key& key : keys()) out.push_back(key.path());
  return out;
}

Result<Settings> parse_settings(std::string_view text, std::string_view file_name, const Variables& variables,
                                Origins* origins) {
  Origins unread;
  Origins& found = origins == nullptr ? unread : *origins;
  const auto root = yaml::parse(text, file_name, Code::config_invalid);
  if (!root) return root.error();
  Settings settings;
  if (const auto done = Reader(file_name, settings, found).read(*root); !done) return done.error();
  for (const auto& [name, value] : variables) {
    if (!is_ours(name)) continue;
    if (const auto done = apply_variable(settings, found, variables, name, value); !done) return done.error();
  }
  if (const auto done = check_together(settings); !done) return done.error();
  return settings;
}

Result<Settings> load_settings(const std::string& path, const Variables& variables, Origins* origins) {
  // A stream on a folder opens well and throws on the first read.
  std::error_code failed;
  const auto kind = std::filesystem::status(path, failed).type();
  if (kind == std::filesystem::file_type::not_found)
    return make_error(Code::config_not_found, fmt::format("there is no configuration file {}", path));
  if (kind == std::filesystem::file_type::directory)
    return invalid(fmt::format("the configuration file {} cannot be read: it is a folder", path));
  std::ifstream in(path, std::ios::binary);
  if (!in.is_open())
    return invalid(fmt::format("the configuration file {} cannot be read: {}", path, std::strerror(errno)));
  const std::string content{std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
  return parse_settings(content, path, variables, origins);
}

Result<std::string> check_listen_address(std::string_view address) {
  const std::size_t colon = address.rfind(':');
  const std::string_view host = address.substr(0, colon);
  const std::string_view port =
      colon == std::string_view::npos ? std::string_view{} : address.substr(colon + 1);
  unsigned number = 0;
  const auto read = std::from_chars(port.data(), port.data() + port.size(), number);
  if (port.empty() || read.ptr != port.data() + port.size() || number > 65'535) {
    return invalid(
        fmt::format("\"{}\" is not an address with a port; write it like 127.0.0.1:8765", address));
  }
  const bool four_numbers = host.starts_with("127.") && std::ranges::count(host, '.') == 3 &&
                            host.find_first_not_of("0123456789.") == std::string_view::npos;
  if (host == "localhost" || host == "[::1]" || four_numbers) return std::string(address);
  return invalid(
      fmt::format("\"{}\" is not a loopback address; without authentication only 127.0.0.1, [::1] and "
                  "localhost are possible",
                  address));
}

}  // namespace tasker::config
