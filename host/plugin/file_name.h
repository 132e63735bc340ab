// What a path below the plugins folder says: plugins/<namespace>/<name>-<semver>.so, or .yaml for a workflow without code. Pure; used on the loader's
// thread and by `tasker plugin inspect`. The manifest inside the file must say the same (manifest.h).
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"
#include "base/semver.h"

namespace tasker::plugin {

struct PluginFileName {
  std::string namespace_name;
  std::string name;
  Semver version;
  std::string version_text;  // exactly as the file name has it
  bool is_workflow = false;  // a template alone (workflow_file.h)
};

// `folder` is the namespace directory's own name, `file` the file's. The error says what is wrong with the name.
Result<PluginFileName> parse_file_name(std::string_view folder, std::string_view file);

}  // namespace tasker::plugin
