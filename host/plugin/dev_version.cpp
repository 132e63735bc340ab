#include "plugin/dev_version.h"

namespace tasker::plugin {

std::string dev_version(const PluginFileName& name, std::string_view sha256) {
  return name.version_text + (name.version.build.empty() ? "+dev." : ".dev.") + std::string(sha256.substr(0, 8));
}

std::string version_in_file(std::string_view version, std::string_view sha256) {
  const std::string mark = "dev." + std::string(sha256.substr(0, 8));
  if (version.size() <= mark.size() || !version.ends_with(mark)) return std::string(version);
  return std::string(version.substr(0, version.size() - mark.size() - 1));
}

std::shared_ptr<const model::TaskTemplate> definition_as(const std::string& version,
                                                         const std::shared_ptr<const model::TaskTemplate>& definition) {
  const Semver wanted = *Semver::parse(version);
  if (definition->version.identical(wanted)) return definition;
  auto changed = std::make_shared<model::TaskTemplate>(*definition);
  changed->version = wanted;
  return changed;
}

}  // namespace tasker::plugin
