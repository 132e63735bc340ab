// What the plugin's configuration lets steps run. Off unless it says so. Constant after construction.
#pragma once

#include <tasker/sdk.h>

#include <string>
#include <vector>

namespace std_shell {

class Policy {
 public:
  // Throws PermanentError shell.disabled, so that the plugin is refused while nobody has enabled it, or config.invalid.
  explicit Policy(const tasker::Json& configuration);

  // Throws PermanentError shell.not_allowed.
  void check_program(const std::string& program) const;
  void check_shell() const;

  // Of the host's variables those that a command gets.
  const std::vector<std::string>& environment() const { return environment_; }

 private:
  bool allows_any_ = false;
  bool allows_shell_ = false;
  std::vector<std::string> programs_;
  std::vector<std::string> environment_ = {"PATH", "LANG", "LC_ALL", "TZ", "TMPDIR"};
};

}  // namespace std_shell
