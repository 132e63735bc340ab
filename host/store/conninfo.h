// The connection string as the user gave it (keywords or URI) with what this program adds: session settings, time-outs
// and keepalives. What the user set himself wins, except for the settings the hot path depends on. [any] thread.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tasker::store {

struct SessionSettings {
  std::string application_name = "tasker";
  std::chrono::milliseconds lock_timeout = std::chrono::seconds(5);
  std::chrono::milliseconds statement_timeout = std::chrono::seconds(30);
};

// Code::config_invalid when the string cannot be parsed.
Result<std::string> complete_conninfo(const std::string& conninfo, const SessionSettings& settings);

}  // namespace tasker::store
