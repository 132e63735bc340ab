// Times as they stand in requests and answers. Not for scheduling: the database's clock decides there. [any]
#pragma once

#include <chrono>
#include <string>
#include <string_view>

namespace tasker {

// "2030-01-31T09:30:00Z", "...00.5+02:00": a real date and time with a zone, which PostgreSQL will take too.
bool is_rfc3339(std::string_view text);

std::string rfc3339(std::chrono::system_clock::time_point time);    // 2030-01-31T09:30:00Z
std::string http_date(std::chrono::system_clock::time_point time);  // Thu, 31 Jan 2030 09:30:00 GMT

}  // namespace tasker
