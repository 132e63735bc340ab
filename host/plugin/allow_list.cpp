#include "plugin/allow_list.h"

#include <algorithm>
#include <utility>

#include "base/log.h"
#include "plugin/file_name.h"
#include "plugin/intake.h"

namespace tasker::plugin {
namespace {

constexpr std::uint64_t kMostBytes = 16ull << 20;
constexpr std::string_view kSpaces = " \t\r";

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(kSpaces);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kSpaces) - first + 1);
}

bool is_sha256(std::string_view text) {
  return text.size() == 64 && text.find_first_not_of("0123456789abcdef") == std::string_view::npos;
}

// "namespace/name@version", each part as in a file's name.
bool is_label(std::string_view text) {
  const auto slash = text.find('/'), at = text.find('@');
  if (slash == std::string_view::npos || at == std::string_view::npos || slash > at) return false;
  const std::string file = std::string(text.substr(slash + 1, at - slash - 1)) + "-" + std::string(text.substr(at + 1)) + ".so";
  return static_cast<bool>(parse_file_name(std::string(text.substr(0, slash)), file));
}

}  // namespace

std::string allow_line(std::string_view sha256, std::string_view label) {
  return std::string(sha256) + "  " + std::string(label);
}

Result<std::map<std::string, std::set<std::string>>> parse_allow_list(std::string_view text) {
  std::map<std::string, std::set<std::string>> allowed;
  for (int number = 1; !text.empty(); ++number) {
    const auto end = std::min(text.find('\n'), text.size());
    const std::string_view line = trimmed(text.substr(0, std::min(text.find('#'), end)));
    text.remove_prefix(std::min(end + 1, text.size()));
    if (line.empty()) continue;
    const auto space = std::min(line.find_first_of(kSpaces), line.size());
    const std::string_view sha256 = line.substr(0, space), label = trimmed(line.substr(space));
    if (!is_sha256(sha256) || !is_label(label))
      return make_error(Code::plugin_not_allowed, "line " + std::to_string(number) + " is not \"<sha256> <namespace>/<name>@<version>\"");
    allowed[std::string(label)].emplace(sha256);
  }
  return allowed;
}

bool AllowList::look() {
  if (!is_used()) return false;
  read_again();
  return std::exchange(is_news_, false);
}

Result<void> AllowList::check(const std::string& label, const std::string& sha256) {
  if (!is_used()) return {};
  read_again();
  if (!trouble_.empty()) return make_error(Code::plugin_not_allowed, "nothing may run while the allow-list is not usable: " + trouble_);
  const auto known = allowed_.find(label);
  if (known == allowed_.end())
    return make_error(Code::plugin_not_allowed, label + " is not on the allow-list " + path_.string() + "; its line would be: " + allow_line(sha256, label));
  if (!known->second.contains(sha256))
    return make_error(Code::plugin_not_allowed, "the allow-list " + path_.string() + " has " + label + " with another hash; its line would be: " +
                                                    allow_line(sha256, label));
  return {};
}

void AllowList::read_again() {
  const auto now = Watcher::stamp_of(path_);
  // What made it unusable may have been mended without touching it: the mode of a folder above it.
  if (is_read_ && trouble_.empty() && now == stamp_) return;
  stamp_ = now;  // from before the reading: what changes meanwhile is read again
  auto text = read_trusted(path_, kMostBytes);
  auto parsed = text ? parse_allow_list(*text) : text.error();
  std::string trouble;
  if (!parsed) trouble = text ? path_.string() + ": " + parsed.error().message : parsed.error().message;
  auto allowed = parsed ? std::move(*parsed) : std::map<std::string, std::set<std::string>>();
  if (std::exchange(is_read_, true) && trouble == trouble_ && allowed == allowed_) return;
  is_news_ = true;
  trouble_ = std::move(trouble);
  allowed_ = std::move(allowed);
  if (trouble_.empty())
    log_info("the allow-list {} was read: {} plugin versions are on it", path_.string(), allowed_.size());
  else
    log_warn("the allow-list is not usable, and no plugin is taken in: {}", trouble_);
}

}  // namespace tasker::plugin
