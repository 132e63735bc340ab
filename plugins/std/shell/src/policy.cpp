#include "policy.h"

#include <algorithm>

#include "template/options.h"

namespace std_shell {

Policy::Policy(const tasker::Json& configuration) {
  const stock::Options options(configuration, "std/shell's configuration", {"enabled", "programs", "allow_shell", "environment"});
  if (!options.flag("enabled", false))
    throw tasker::PermanentError("std/shell is off: set enabled: true in plugins.configuration, std/shell, where steps may run programs",
                                 "shell.disabled");
  programs_ = options.texts("programs");
  allows_any_ = std::find(programs_.begin(), programs_.end(), "*") != programs_.end();
  allows_shell_ = options.flag("allow_shell", false);
  for (const auto& program : programs_)
    if (program != "*" && !program.starts_with('/')) options.fail("has the program " + program + ", which is no absolute path");
  if (programs_.empty() && !allows_shell_)
    options.fail("needs \"programs\", an array of absolute paths (or \"*\" for any), or allow_shell: true");
  if (options.has("environment")) environment_ = options.texts("environment");
}

void Policy::check_program(const std::string& program) const {
  if (!program.starts_with('/'))
    throw tasker::PermanentError("the program " + program + " is no absolute path", "shell.not_allowed");
  if (!allows_any_ && std::find(programs_.begin(), programs_.end(), program) == programs_.end())
    throw tasker::PermanentError("programs of std/shell's configuration does not have " + program, "shell.not_allowed");
}

void Policy::check_shell() const {
  if (!allows_shell_)
    throw tasker::PermanentError("std/shell's configuration does not say allow_shell: true", "shell.not_allowed");
}

}  // namespace std_shell
