// The rows of `tasker plugin list` and GET /tasker/plugins for files that are no loaded plugin: on their way, refused or
// ignored, as this host sees its folder now. The catalogue has the rest. Pure; [any] thread.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "plugin/plugin_record.h"

namespace tasker::plugin {

// JSON objects with commas between: what stands in an array.
std::string rows_of_files(const std::vector<PluginRecord>& records, const std::vector<IgnoredFile>& ignored);

// The same of one version, whatever its state; empty when there is none.
std::string row_of_version(const std::vector<PluginRecord>& records, std::string_view namespace_name, std::string_view name,
                           std::string_view version);

}  // namespace tasker::plugin
