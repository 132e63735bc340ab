#include "config/keys.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/json.h"
#include "base/yaml_tree.h"

namespace tasker::config {
namespace {

using yaml::Kind;
using yaml::Node;
using S = Settings;

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

Problem set_format(Settings& settings, const Node& node) {
  const auto format = log_format_from(node.text);
  if (!node.is(Kind::string) || !format) return "must be human or json";
  settings.log.format = *format;
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

Problem set_isolation(Settings& settings, const Node& node) {
  if (!node.is(Kind::string) || !is_isolation(node.text)) return "must be in_process or process";
  settings.plugins.isolation = node.text;
  return {};
}

Problem set_isolation_of(Settings& settings, const Node& node) {
  auto problem = read_overrides(node, settings.plugins.isolation_of);
  if (problem.empty()) return {};
  return problem;
}

Problem set_seccomp(Settings& settings, const Node& node) {
  if (!node.is(Kind::string) || !is_seccomp(node.text)) return "must be none, default or strict";
  settings.runner.seccomp = node.text;
  return {};
}

Shown show_configuration(const Settings& settings) {
  std::string json;
  for (const auto& [plugin, object] : settings.plugins.configuration)
    json += (json.empty() ? "" : ",") + json_quote(plugin) + ":" + object;
  return {"{" + json + "}"};
}

Key integer(std::string_view section, std::string_view name, auto part, auto member, int least, int most) {
  return {.section = section, .name = name, .set = number(part, member, least, most),
          .show = [=](const S& settings) { return Shown{std::to_string(settings.*part.*member)}; }};
}

Key word(std::string_view section, std::string_view name, auto part, auto member, bool may_be_empty = false) {
  return {.section = section, .name = name, .set = text(part, member, may_be_empty),
          .show = [=](const S& settings) { return Shown{settings.*part.*member, true}; }};
}

Key truth(std::string_view section, std::string_view name, auto part, auto member) {
  return {.section = section, .name = name,
          .set = [=](S& settings, const Node& node) -> Problem {
            if (!node.is(Kind::boolean)) return "must be true or false";
            settings.*part.*member = node.text == "true";
            return {};
          },
          .show = [=](const S& settings) { return Shown{settings.*part.*member ? "true" : "false"}; }};
}

Key runner_integer(std::string_view name) {
  const RunnerNumber& number = *runner_number(name);
  Key key = integer("runner", name, &S::runner, number.member, number.least, number.most);
  key.set = [set = std::move(key.set), number](Settings& settings, const Node& node) -> Problem {
    const bool is_set = set(settings, node).empty();
    return is_set && number.allows(settings.runner.*number.member) ? "" : "must be " + number.allowed();
  };
  return key;
}

// A text of which not everything is allowed.
Key choice(std::string_view section, std::string_view name, Problem (*set)(S&, const Node&), auto show) {
  return {.section = section, .name = name, .set = set,
          .show = [=](const S& settings) { return Shown{std::string(show(settings)), true}; }};
}

Key secret(Key key) {
  key.may_be_secret = true;
  return key;
}
Key reloadable(Key key) {
  key.is_reloadable = true;
  return key;
}

std::vector<Key> all_keys() {
  constexpr int kMany = 1'000'000;
  return {
      choice("", "environment", set_environment, [](const S& s) { return s.environment; }),
      secret(word("database", "url", &S::database, &S::Database::url)),
      integer("database", "writers", &S::database, &S::Database::writers, 1, 64),
      choice("http", "listen", set_listen, [](const S& s) { return s.http.listen; }),
      integer("http", "max_body_mib", &S::http, &S::Http::max_body_mib, 1, 1024),
      integer("http", "idempotency_hours", &S::http, &S::Http::idempotency_hours, 1, 8'760),
      truth("http", "access_log", &S::http, &S::Http::access_log),
      word("plugins", "dir", &S::plugins, &S::Plugins::dir),
      word("plugins", "state_dir", &S::plugins, &S::Plugins::state_dir),
      word("plugins", "allow_list", &S::plugins, &S::Plugins::allow_list, true),
      integer("plugins", "rescan_seconds", &S::plugins, &S::Plugins::rescan_seconds, 1, 86'400),
      integer("plugins", "settle_ms", &S::plugins, &S::Plugins::settle_ms, 0, 60'000),
      integer("plugins", "init_seconds", &S::plugins, &S::Plugins::init_seconds, 1, 3'600),
      integer("plugins", "probe_seconds", &S::plugins, &S::Plugins::probe_seconds, 1, 3'600),
      integer("plugins", "drain_timeout_seconds", &S::plugins, &S::Plugins::drain_timeout_seconds, 1, 86'400),
      secret({.section = "plugins", .name = "configuration", .set = set_configuration, .show = show_configuration}),
      choice("plugins", "isolation", set_isolation, [](const S& s) { return s.plugins.isolation; }),
      {.section = "plugins", .name = "isolation_of", .set = set_isolation_of,
       .show = [](const S& s) { return Shown{overrides_json(s.plugins.isolation_of)}; }},
      runner_integer("memory_mib"),
      runner_integer("files"),
      runner_integer("silence_seconds"),
      runner_integer("attempt_seconds"),
      runner_integer("crashes"),
      runner_integer("crash_minutes"),
      runner_integer("max_attempts_per_process"),
      choice("runner", "seccomp", set_seccomp, [](const S& s) { return s.runner.seccomp; }),
      word("runner", "environment", &S::runner, &RunnerSettings::environment, true),
      integer("engine", "workers", &S::engine, &S::Engine::workers, 1, 1024),
      integer("engine", "async_workers", &S::engine, &S::Engine::async_workers, 1, 256),
      integer("engine", "max_in_flight", &S::engine, &S::Engine::max_in_flight, 1, kMany),
      integer("engine", "poll_ms", &S::engine, &S::Engine::poll_ms, 1, 60'000),
      integer("engine", "working_set_mib", &S::engine, &S::Engine::working_set_mib, 1, kMany),
      integer("engine", "grace_seconds", &S::engine, &S::Engine::grace_seconds, 0, 86'400),
      integer("liveness", "heartbeat_seconds", &S::liveness, &S::Liveness::heartbeat_seconds, 1, 3'600),
      integer("liveness", "timeout_seconds", &S::liveness, &S::Liveness::timeout_seconds, 2, 86'400),
      reloadable(choice("log", "level", set_level, [](const S& s) { return log_level_text(s.log.level); })),
      reloadable(choice("log", "format", set_format, [](const S& s) { return log_format_text(s.log.format); })),
      reloadable(word("log", "file", &S::log, &S::Log::file, true)),
  };
}

}  // namespace

std::string Key::path() const {
  return section.empty() ? std::string(name) : fmt::format("{}.{}", section, name);
}

std::string Key::variable() const {
  std::string out = section.empty() ? fmt::format("TASKER_{}", name) : fmt::format("TASKER_{}__{}", section, name);
  std::ranges::transform(out, out.begin(), [](unsigned char c) { return static_cast<char>(std::toupper(c)); });
  return out;
}

const std::vector<Key>& keys() {
  static const std::vector<Key> all = all_keys();
  return all;
}

bool is_section(std::string_view name) {
  return !name.empty() && std::ranges::any_of(keys(), [&](const Key& key) { return key.section == name; });
}

}  // namespace tasker::config
