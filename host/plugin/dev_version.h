// Development builds: one version with other bytes becomes a version of its own, "1.0.0+dev.<8 digits of its hash>", in
// the registry and in the catalogue. Pure; any thread.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "model/task_template.h"
#include "plugin/file_name.h"

namespace tasker::plugin {

std::string dev_version(const PluginFileName& name, std::string_view sha256);

// What the file of that version says of itself: the version without the mark of these bytes.
std::string version_in_file(std::string_view version, std::string_view sha256);

// The same definition under another version.
std::shared_ptr<const model::TaskTemplate> definition_as(const std::string& version,
                                                         const std::shared_ptr<const model::TaskTemplate>& definition);

}  // namespace tasker::plugin
