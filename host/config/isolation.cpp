#include "config/isolation.h"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "base/json.h"
#include "base/yaml_tree.h"

namespace tasker::config {
namespace {

using yaml::Kind;
using R = RunnerSettings;

constexpr RunnerNumber kNumbers[] = {
    {"memory_mib", &R::memory_mib, 0, 1'000'000, kLeastRunnerMemoryMib},
    {"files", &R::files, 128, 1'000'000},
    {"silence_seconds", &R::silence_seconds, 2, 3'600},
    {"attempt_seconds", &R::attempt_seconds, 0, 86'400},
    {"crashes", &R::crashes, 1, 1'000},
    {"crash_minutes", &R::crash_minutes, 1, 10'000},
    {"max_attempts_per_process", &R::max_attempts_per_process, 0, 1'000'000},
};

// "payments" or "payments/refund"
bool is_name(std::string_view key) {
  const auto slash = key.find('/');
  if (slash == std::string_view::npos) return !key.empty();
  return slash > 0 && slash + 1 < key.size() && key.rfind('/') == slash;
}

std::string read_entry(const yaml::Entry& entry, IsolationOverride& into) {
  const std::string& text = entry.value.text;
  if (entry.key == "isolation") {
    if (!entry.value.is(Kind::string) || !is_isolation(text)) return "isolation must be in_process or process";
    into.isolation = text;
    return {};
  }
  if (entry.key == "seccomp") {
    if (!entry.value.is(Kind::string) || !is_seccomp(text)) return "seccomp must be none, default or strict";
    into.seccomp = text;
    return {};
  }
  const RunnerNumber* number = runner_number(entry.key);
  if (number == nullptr)
    return fmt::format("has no key {}; there are isolation and those of the section runner but environment", entry.key);
  int value = 0;
  const char* const end = text.data() + text.size();
  const bool read = entry.value.is(Kind::integer) && std::from_chars(text.data(), end, value).ptr == end;
  if (!read || !number->allows(value)) return fmt::format("{} must be {}", entry.key, number->allowed());
  into.numbers[entry.key] = value;
  return {};
}

void apply(const IsolationOverride& override, std::string& isolation, RunnerSettings& to) {
  if (!override.isolation.empty()) isolation = override.isolation;
  if (!override.seccomp.empty()) to.seccomp = override.seccomp;
  for (const auto& [name, value] : override.numbers) to.*runner_number(name)->member = value;
}

}  // namespace

std::string RunnerNumber::allowed() const {
  if (least_limit == 0) return fmt::format("an integer from {} to {}", least, most);
  return fmt::format("0, which is no limit, or an integer from {} to {}: with less no runner starts", least_limit, most);
}

const RunnerNumber* runner_number(std::string_view name) {
  const auto found = std::ranges::find(kNumbers, name, &RunnerNumber::name);
  return found == std::end(kNumbers) ? nullptr : found;
}

bool is_isolation(std::string_view text) { return text == kInProcess || text == kProcess; }
bool is_seccomp(std::string_view text) { return text == "none" || text == "default" || text == "strict"; }

std::string read_overrides(const yaml::Node& node, IsolationOverrides& into) {
  if (node.is(Kind::null)) return {};
  if (!node.is(Kind::mapping)) return "must map \"<namespace>\" or \"<namespace>/<name>\" to in_process, process or an object";
  for (const yaml::Entry& named : node.entries) {
    if (!is_name(named.key)) return fmt::format("has the key \"{}\"; write \"<namespace>\" or \"<namespace>/<name>\"", named.key);
    IsolationOverride& override = into[named.key];
    override = {};
    if (named.value.is(Kind::string) && is_isolation(named.value.text)) {
      override.isolation = named.value.text;
      continue;
    }
    if (!named.value.is(Kind::mapping))
      return fmt::format("must give \"{}\" in_process, process or an object", named.key);
    for (const yaml::Entry& entry : named.value.entries)
      if (const auto problem = read_entry(entry, override); !problem.empty())
        return fmt::format("\"{}\": {}", named.key, problem);
  }
  return {};
}

std::string overrides_json(const IsolationOverrides& overrides) {
  std::string json;
  for (const auto& [name, override] : overrides) {
    std::string object;
    const auto add = [&object](std::string_view key, const std::string& value) {
      object += fmt::format("{}{}:{}", object.empty() ? "" : ",", json_quote(key), value);
    };
    if (!override.isolation.empty()) add("isolation", json_quote(override.isolation));
    for (const auto& [key, value] : override.numbers) add(key, std::to_string(value));
    if (!override.seccomp.empty()) add("seccomp", json_quote(override.seccomp));
    json += fmt::format("{}{}:{{{}}}", json.empty() ? "" : ",", json_quote(name), object);
  }
  return "{" + json + "}";
}

std::optional<RunnerSettings> runner_for(std::string_view isolation, const RunnerSettings& defaults,
                                         const IsolationOverrides& overrides, std::string_view namespace_name,
                                         std::string_view name) {
  std::string where(isolation);
  RunnerSettings settings = defaults;
  const std::string space(namespace_name);
  for (const std::string& key : {space, space + "/" + std::string(name)})
    if (const auto found = overrides.find(key); found != overrides.end()) apply(found->second, where, settings);
  if (where != kProcess) return std::nullopt;
  return settings;
}

}  // namespace tasker::config
