// Points in time as people and JSON write them, RFC 3339: "2026-12-24T18:00:00Z", "2026-12-24T19:00:00.5+01:00".
// Pure functions.
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

namespace std_sleep {

using Moment = std::chrono::sys_time<std::chrono::milliseconds>;

std::optional<Moment> moment_from(std::string_view text);
std::string moment_text(Moment moment);  // in UTC, with milliseconds

}  // namespace std_sleep
