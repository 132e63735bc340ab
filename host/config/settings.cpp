#include "config/settings.h"

#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>

#include <fmt/format.h>

#include "base/yaml_tree.h"

namespace tasker::config {
namespace {

using yaml::Kind;
using yaml::Node;

// What a key wants instead of what it got; empty when it took the value.
using Problem = std::string;

struct Key {
  std::string_view section;  // empty: outside the sections
  std::string_view name;
  std::function<Problem(Settings&, const Node&)> set;

  std::string path() const {
    return section.empty() ? std::string(name) : fmt::format("{}.{}", section, name);
  }
  std::string variable() const {
    std::string out =
        section.empty() ? fmt::format("TASKER_{}", name) : fmt::format("TASKER_{}__{}", section, name);
    std::ranges::transform(out, out.begin(),
                           [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
    return out;
  }
};

auto number(auto section, auto member, int least, int most) {
  return [=](Settings& settings, const Node& node) -> Problem {
    int value = 0;
    const char* const end = node.text.data() + node.text.size();
    const bool read = node.is(Kind::integer) && std::from_chars(node.text.data(), end, value).ptr == end;
    if (!read || value < least || value > most)
      return fmt::format("must be an integer from {} to {}", least, most);
    settings.*section.*member = value;
    return {};
  };
}

auto text(auto section, auto member, bool may_be_empty = false) {
  return [=](Settings& settings, const Node& node) -> Problem {
    if (!node.is(Kind::string) && !(may_be_empty && node.is(Kind::null))) return "must be a text";
    if (node.text.empty() && !may_be_empty) return "must not be empty";
    settings.*section.*member = node.is(Kind::null) ? std::string() : node.text;
    return {};
  };
}

Problem set_environment(Settings& settings, const Node& node) {
  if (!node.is(Kind::string) || node.text.empty())
    return "must be a name such as development, test or production";
  settings.environment = node.text;
  return {};
}

Problem set_listen(Settings& settings, const Node& node) {
  if (!node.is(Kind::string)) return "must be a text such as 127.0.0.1:8765";
  const auto checked = check_listen_address(node.text);
  if (!checked) return checked.error().message;
  settings.http.listen = node.text;
  return {};
}

Problem set_level(Settings& settings, const Node& node) {
  // `off` is a word here and text in YAML 1.2, so nothing but a string can be right.
  const auto level = log_level_from(node.text);
  if (!node.is(Kind::string) || !level) return "must be one of trace, debug, info, warn, error, off";
  settings.log.level = *level;
  return {};
}

Problem set_configuration(Settings& settings, const Node& node) {
  if (node.is(Kind::null)) return {};
  if (!node.is(Kind::mapping)) return "must map \"<namespace>/<name>\" to an object";
  for (const yaml::Entry& entry : node.entries) {
    const std::size_t slash = entry.key.find('/');
    const bool named = slash != std::string::npos && slash > 0 && slash + 1 < entry.key.size() &&
                       entry.key.rfind('/') == slash;
    if (!named) return fmt::format("has the key \"{}\"; write \"<namespace>/<name>\"", entry.key);
    if (!entry.value.is(Kind::mapping))
      return fmt::format("must give \"{}\" an object, not {}", entry.key, kind_word(entry.value.kind));
    settings.plugins.configuration[entry.key] = yaml::to_json(entry.value);
  }
  return {};
}

const std::vector<Key>& keys() {
  using S = Settings;
  constexpr int kMany = 1'000'000;
  static const std::vector<Key> all = {
      {"", "environment", set_environment},
      {"database", "url", text(&S::database, &S::Database::url)},
      {"database", "writers", number(&S::database, &S::Database::writers, 1, 64)},
      {"http", "listen", set_listen},
      {"http", "max_body_mib", number(&S::http, &S::Http::max_body_mib, 1, 1024)},
      {"plugins", "dir", text(&S::plugins, &S::Plugins::dir)},
      {"plugins", "state_dir", text(&S::plugins, &S::Plugins::state_dir)},
      {"plugins", "rescan_seconds", number(&S::plugins, &S::Plugins::rescan_seconds, 1, 86'400)},
      {"plugins", "settle_ms", number(&S::plugins, &S::Plugins::settle_ms, 0, 60'000)},
      {"plugins", "configuration", set_configuration},
      {"engine", "workers", number(&S::engine, &S::Engine::workers, 1, 1024)},
      {"engine", "async_workers", number(&S::engine, &S::Engine::async_workers, 1, 256)},
      {"engine", "max_in_flight", number(&S::engine, &S::Engine::max_in_flight, 1, kMany)},
      {"engine", "poll_ms", number(&S::engine, &S::Engine::poll_ms, 1, 60'000)},
      {"engine", "working_set_mib", number(&S::engine, &S::Engine::working_set_mib, 1, kMany)},
      {"engine", "grace_seconds", number(&S::engine, &S::Engine::grace_seconds, 0, 86'400)},
      {"liveness", "heartbeat_seconds", number(&S::liveness, &S::Liveness::heartbeat_seconds, 1, 3'600)},
      {"liveness", "timeout_seconds", number(&S::liveness, &S::Liveness::timeout_seconds, 2, 86'400)},
      {"log", "level", set_level},
      {"log", "file", text(&S::log, &S::Log::file, true)},
  };
  return all;
}

Error invalid(std::string message) {
  return make_error(Code::config_invalid, std::move(message));
}

bool is_section(std::string_view name) {
  return !name.empty() && std::ranges::any_of(keys(), [&](const Key& key) { return key.section == name; });
}

class Reader {
 public:
  Reader(std::string_view file_name, Settings& settings) : file_(file_name), settings_(settings) {}

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
    if (problem.empty()) return 0;
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
};

// A variable is meant for a key when it is TASKER_ENVIRONMENT or has the double underscore; others that begin
// with TASKER_ belong to tests and tools.
bool is_ours(std::string_view name) {
  return name == "TASKER_ENVIRONMENT" ||
         (name.starts_with("TASKER_") && name.find("__") != std::string_view::npos);
}

Result<int> apply_variable(Settings& settings, const std::string& name, const std::string& value) {
  const auto found = std::ranges::find_if(keys(), [&](const Key& key) { return key.variable() == name; });
  if (found == keys().end()) {
    std::vector<std::string> known;
    for (const Key& key : keys()) known.push_back(key.variable());
    const std::vector<std::string_view> views(known.begin(), known.end());
    const std::string_view near = yaml::nearest(name, views);
    return invalid(fmt::format("environment variable {}: no key of the configuration has this name{}", name,
                               near.empty() ? "" : fmt::format("; did you mean {}?", near)));
  }
  const auto node = yaml::parse(value, name, Code::config_invalid);
  if (!node) return node.error();
  Node as_read = *node;
  Problem problem = found->set(settings, as_read);
  if (!problem.empty() && !as_read.is(Kind::mapping)) {
    // A text may look like something else to YAML, as `log` or a URL with ": " does.
    as_read = Node{Kind::string, value, 1, 1, {}, {}};
    if (found->set(settings, as_read).empty()) return 0;
  }
  if (problem.empty()) return 0;
  return invalid(fmt::format("environment variable {}: {}: {}", name, found->path(), problem));
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

std::vector<std::string> settings_keys() {
  std::vector<std::string> out;
  for (const Key& key : keys()) out.push_back(key.path());
  return out;
}

Result<Settings> parse_settings(std::string_view text, std::string_view file_name,
                                const Variables& variables) {
  const auto root = yaml::parse(text, file_name, Code::config_invalid);
  if (!root) return root.error();
  Settings settings;
  if (const auto done = Reader(file_name, settings).read(*root); !done) return done.error();
  for (const auto& [name, value] : variables) {
    if (!is_ours(name)) continue;
    if (const auto done = apply_variable(settings, name, value); !done) return done.error();
  }
  if (const auto done = check_together(settings); !done) return done.error();
  return settings;
}

Result<Settings> load_settings(const std::string& path, const Variables& variables) {
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
  return parse_settings(content, path, variables);
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
