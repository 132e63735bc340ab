// What a stable error code means and what to do about it, in one table: `tasker help CODE` and host/ERRORS.md show
// it. Not for log lines or answers: an Error's own sentence knows the case at hand, this knows only the kind. [any]
#pragma once

#include <string_view>

#include "base/error_codes.h"

namespace tasker {

struct ErrorGuide {
  std::string_view cause;  // whole sentences
  std::string_view cure;
};

ErrorGuide guide_of(Code code);

}  // namespace tasker
