// The list of plugin files that may run, when the configuration names one: a line for each, with the SHA-256 of its bytes and
// what it is. Closed, not open: while the list cannot be read or trusted, or a line of it is not understood, nothing is on it.
// Blocks on disk; owned by the loader, runs on its thread.
#pragma once

#include <filesystem>
#include <map>
#include <optional>
#include <set>
#include <string>
#include <string_view>

#include "base/result.h"
#include "plugin/watcher.h"

namespace tasker::plugin {

class AllowList {
 public:
  // An empty path: there is no list, and everything may run.
  explicit AllowList(std::filesystem::path path) : path_(std::move(path)) {}

  bool is_used() const { return !path_.empty(); }
  // Reads the list again when it is another. Whether it is since the last call: then what was refused may be tried again.
  bool look();
  // Code::plugin_not_allowed. `label`: "namespace/name@version".
  Result<void> check(const std::string& label, const std::string& sha256);

 private:
  void read_again();

  const std::filesystem::path path_;
  bool is_read_ = false, is_news_ = false;
  std::optional<FileStamp> stamp_;  // of what was read
  std::string trouble_;             // why nothing is on the list
  std::map<std::string, std::set<std::string>> allowed_;  // label -> hashes
};

// A list's text; the error names the line. Empty lines and what follows a # say nothing.
Result<std::map<std::string, std::set<std::string>>> parse_allow_list(std::string_view text);

// "<sha256>  <namespace>/<name>@<version>"
std::string allow_line(std::string_view sha256, std::string_view label);

}  // namespace tasker::plugin
