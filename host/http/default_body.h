// The body of PUT /plugins/{namespace}/{name}/default: {"version": "1.4.0"}. Whether there is such a version is the service's
// business. [any]
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace tasker::http {

// The version that is to be pinned.
Result<std::string> parse_default(std::string_view body);

}  // namespace tasker::http
