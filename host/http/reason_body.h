// The body of what an operator does to a plugin version and may give a reason for: {"reason": "..."}, or none at all. [any]
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace tasker::http {

// The reason; empty when none is given.
Result<std::string> parse_reason(std::string_view body);

}  // namespace tasker::http
