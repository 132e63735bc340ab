// Where the host's log lines go: set up once, written from [any] thread. One line an event, for people:
// `2025-01-31 12:00:00.123 info  plugin payments/refund 1.2.0 is active`. Before log_open() lines go to
// stderr at level info. Never throws; a line that cannot be written is dropped.
#pragma once

#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/result.h"

namespace tasker {

enum class LogLevel { trace, debug, info, warn, error, off };

struct LogOptions {
  LogLevel level = LogLevel::info;
  std::string file;  // appended to; empty: stderr
};

// Code::config_invalid when the file cannot be opened.
Result<LogLevel> log_open(const LogOptions& options);
void log_flush();

std::string_view log_level_text(LogLevel level);
Result<LogLevel> log_level_from(std::string_view text);

bool log_enabled(LogLevel level);
void log_line(LogLevel level, std::string_view message);
// A plugin's line: who wrote it, and its fields as JSON text (may be empty). Control characters are escaped,
// so that a plugin cannot forge lines.
void log_plugin_line(LogLevel level, std::string_view source, std::string_view message,
                     std::string_view fields_json);

template <class... Args>
void log_at(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
  if (log_enabled(level)) log_line(level, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_debug(fmt::format_string<Args...> format, Args&&... args) {
  log_at(LogLevel::debug, format, std::forward<Args>(args)...);
}
template <class... Args>
void log_info(fmt::format_string<Args...> format, Args&&... args) {
  log_at(LogLevel::info, format, std::forward<Args>(args)...);
}
template <class... Args>
void log_warn(fmt::format_string<Args...> format, Args&&... args) {
  log_at(LogLevel::warn, format, std::forward<Args>(args)...);
}
template <class... Args>
void log_error(fmt::format_string<Args...> format, Args&&... args) {
  log_at(LogLevel::error, format, std::forward<Args>(args)...);
}

}  // namespace tasker
