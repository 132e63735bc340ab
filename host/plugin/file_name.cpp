#include "plugin/file_name.h"

#include "model/template_yaml.h"

namespace tasker::plugin {
namespace {

constexpr std::size_t kLongestVersion = 200;  // a development build or a binding adds its mark
constexpr std::string_view kPluginSuffix = ".so", kWorkflowSuffix = ".yaml";

Error bad_name(std::string_view file, const char* what) {
  return make_error(Code::plugin_path_mismatch,
                    std::string(file) + ": " + what + "; plugins are named <name>-<major>.<minor>.<patch>.so, workflows without code .yaml");
}

}  // namespace

Result<PluginFileName> parse_file_name(std::string_view folder, std::string_view file) {
  if (!model::is_task_name(folder))
    return make_error(Code::plugin_path_mismatch,
                      std::string(folder) + " is not a namespace: lower-case letters, digits and _ only");
  const bool is_workflow = file.ends_with(kWorkflowSuffix);
  if (!is_workflow && !file.ends_with(kPluginSuffix)) return bad_name(file, file.ends_with(".yml") ? "a workflow without code is named .yaml, and not .yml" : "the name does not end in .so");
  const std::string_view stem = file.substr(0, file.size() - (is_workflow ? kWorkflowSuffix : kPluginSuffix).size());
  // Names hold no hyphen, so that name and version part without doubt.
  const auto hyphen = stem.find('-');
  if (hyphen == std::string_view::npos) return bad_name(file, "the name has no version");
  if (!model::is_task_name(stem.substr(0, hyphen))) return bad_name(file, "the part before the hyphen is not a plugin name");
  const std::string_view version_text = stem.substr(hyphen + 1);
  if (version_text.size() > kLongestVersion) return bad_name(file, "the version is longer than 200 characters");
  const auto version = Semver::parse(version_text);
  if (!version) return bad_name(file, "the part after the hyphen is not a version such as 1.2.0");
  return PluginFileName{std::string(folder), std::string(stem.substr(0, hyphen)), *version,
                        std::string(version_text), is_workflow};
}

}  // namespace tasker::plugin
