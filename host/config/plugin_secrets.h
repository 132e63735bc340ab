// The secrets that a plugin's configuration refers to: ${NAME} in a text stands for a variable of the host ($${ for the two
// characters themselves), and a member whose name ends in _FILE gives the one without it the content of a file. They are looked up
// when the plugin is loaded, so that neither the settings nor what is shown of them ever holds one. [any] thread; blocks on disk.
#pragma once

#include <functional>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tasker::config {

// Null: not set.
using Environment = std::function<const char*(const char* name)>;

// `json` is an object. What was looked up is hidden from the log from now on (base/secrets.h). Code::plugin_config_unavailable; a
// file is worth another try.
Result<std::string> with_secrets(std::string_view json, const Environment& environment);

}  // namespace tasker::config
