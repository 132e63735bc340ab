// The Prefer header (RFC 7240): what a client would like and a server may do. What is not understood is passed over, as
// the standard has it. [any]
#pragma once

#include <chrono>
#include <string_view>

namespace tasker::http {

struct Preferences {
  std::chrono::seconds wait{0};  // for the end of the task; at most kLongestWait
  bool minimal = false;          // return=minimal
};

inline constexpr std::chrono::seconds kLongestWait{60};

Preferences read_preferences(std::string_view header);

}  // namespace tasker::http
