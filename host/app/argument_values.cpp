#include "app/argument_values.h"

#include <algorithm>
#include <charconv>

#include <spdlog/fmt/fmt.h>

#include "base/semver.h"

namespace tasker::app {
namespace {

Error unusable(std::string sentence) { return make_error(Code::command_invalid, std::move(sentence)); }

}  // namespace

bool asks_for_json(const std::vector<std::string>& words) {
  const auto is_json = [](std::string word) {
    std::transform(word.begin(), word.end(), word.begin(), [](unsigned char c) { return std::tolower(c); });
    return word.starts_with("json");
  };
  for (std::size_t i = 0; i < words.size(); ++i) {
    if ((words[i] == "-o" || words[i] == "--output") && i + 1 < words.size() && is_json(words[i + 1])) return true;
    for (const std::string before : {"--output=", "-o"})
      if (words[i].starts_with(before) && is_json(words[i].substr(before.size()))) return true;
  }
  return false;
}

Result<TaskName> parse_task_name(const std::string& text) {
  TaskName found{"default", text, ""};
  if (const auto at = found.name.find('@'); at != std::string::npos) {
    found.version = found.name.substr(at + 1);
    found.name.resize(at);
    if (found.version.empty())
      return make_error(Code::command_invalid, fmt::format("'{}' has no version behind the @", text));
    if (const auto range = VersionRange::parse(found.version); !range) return make_error(Code::command_invalid, range.error().message);
  }
  if (const auto slash = found.name.find('/'); slash != std::string::npos) {
    found.namespace_name = found.name.substr(0, slash);
    found.name.erase(0, slash + 1);
  }
  if (found.name.empty() || found.namespace_name.empty() || found.name.find('/') != std::string::npos)
    return make_error(Code::command_invalid,
                      fmt::format("'{}' is not a task; write [NAMESPACE/]NAME[@VERSION]", text));
  return found;
}

Result<std::chrono::milliseconds> parse_duration(const std::string& text) {
  double number = 0;
  const auto* end = text.data() + text.size();
  const auto [rest, failed] = std::from_chars(text.data(), end, number);
  const std::string unit(rest, end);
  const double scale = unit == "ms" ? 1 : unit.empty() || unit == "s" ? 1e3 : unit == "m" ? 6e4 : unit == "h" ? 3.6e6 : 0;
  if (failed != std::errc{} || scale == 0 || !(number >= 0) || number * scale > 3.6e6 * 24 * 366)
    return make_error(Code::command_invalid,
                      fmt::format("'{}' is not a time; write 500ms, 30s, 5m or 2h, up to a year", text));
  return std::chrono::milliseconds(static_cast<std::int64_t>(number * scale));
}

Result<void> name_plugin(const std::string& words, const std::string& timeout, PluginVersionArguments& plugin) {
  if (!timeout.empty()) {
    const auto time = parse_duration(timeout);
    if (!time) return unusable("--timeout: " + time.error().message);
    if (!plugin.when_drained) return unusable("--timeout: there is nothing to wait for without --when-drained");
    plugin.timeout = *time;
  }
  const auto name = parse_task_name(words);
  if (!name) return name.error();
  if (!Semver::parse(name->version))
    return unusable(fmt::format("'{}' names no version; write [NAMESPACE/]NAME@VERSION, as `tasker plugin list -o name` does", words));
  plugin.namespace_name = name->namespace_name;
  plugin.name = name->name;
  plugin.version = name->version;
  return {};
}

Result<void> name_plugin(const std::string& words, bool has_version, PluginDefaultArguments& plugin) {
  const auto name = parse_task_name(words);
  if (!name) return name.error();
  if (!name->version.empty())
    return unusable(fmt::format("write the version behind a space: tasker plugin default {}/{} {}", name->namespace_name, name->name,
                                name->version));
  if (has_version && !Semver::parse(plugin.version)) return unusable(fmt::format("'{}' is no version; write one like 1.4.0", plugin.version));
  plugin.namespace_name = name->namespace_name;
  plugin.name = name->name;
  return {};
}

}  // namespace tasker::app
