// The traceparent header of W3C Trace Context: checked here, stored with the task, handed to its handlers. [any]
#pragma once

#include <string_view>

namespace tasker::http {

// version-traceid-parentid-flags in lower-case hexadecimal, neither id all zeros; later versions may be longer.
bool is_traceparent(std::string_view text);

}  // namespace tasker::http
