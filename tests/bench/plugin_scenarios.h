// How long plugins take: from a copied file to a usable plugin, and from a start to thousands of them.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "arguments.h"

namespace tasker::bench {

// One file after another is copied into the folder of a running host.
nlohmann::ordered_json measure_copy_to_usable(const Arguments& arguments);
// A host starts on a folder of 200 plugins in 20 versions each, at first and again.
nlohmann::ordered_json measure_many_plugins(const Arguments& arguments);

}  // namespace tasker::bench
