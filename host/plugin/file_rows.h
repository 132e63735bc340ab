// The rows of `tasker plugin list` and GET /tasker/plugins for files that are no loaded plugin: on their way, refused or
// ignored, as this host sees its folder now. The catalogue has the rest. Pure; [any] thread.
#pragma once

#include <string>
#include <vector>

#include "plugin/plugin_record.h"

namespace tasker::plugin {

// JSON objects with commas between: what stands in an array.
std::string rows_of_files(const std::vector<PluginRecord>& records, const std::vector<IgnoredFile>& ignored);

}  // namespace tasker::plugin
