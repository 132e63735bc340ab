// Where the host's log lines go: set up once and again on a reload, written from [any] thread. One line an event, for
// people (`2025-01-31 12:00:00.123 info  plugin payments/refund 1.2.0 is active`) or as one JSON object. Its keys are
// in config/README.md. Secrets are masked in both. Before log_open() lines go to stderr at level info.
// Never throws; a line that cannot be written is dropped.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include <fmt/format.h>

#include "base/result.h"

namespace tasker {

enum class LogLevel { trace, debug, info, warn, error, off };
enum class LogFormat { human, json };

struct LogOptions {
  LogLevel level = LogLevel::info;
  LogFormat format = LogFormat::human;
  std::string file;  // appended to; empty: stderr
};

// What a line is about, for machines: the sentence names it for people. What is not known stays empty.
struct LogSubject {
  std::string_view code{};            // a stable error code
  std::string_view task{};            // ids as digits
  std::string_view step{};            // its name
  std::string_view plugin{};          // "<namespace>/<name> <version>"
  std::string_view correlation_id{};  // of the task's request
  std::string_view fields{};          // a JSON object that a plugin gave
};

// Code::config_invalid when the file cannot be opened; what was open before stays.
Result<LogLevel> log_open(const LogOptions& options);
void log_flush();
// This process's host id, in every JSON line from now on; 0: none.
void log_host(std::int64_t host);

std::string_view log_level_text(LogLevel level);
Result<LogLevel> log_level_from(std::string_view text);
std::string_view log_format_text(LogFormat format);
Result<LogFormat> log_format_from(std::string_view text);

bool log_enabled(LogLevel level);
void log_line(LogLevel level, std::string_view message, const LogSubject& subject = {});
// A plugin's own line. Control characters are escaped, so that a plugin cannot forge lines.
void log_plugin_line(LogLevel level, const LogSubject& subject, std::string_view message);

template <class... Args>
void log_at(LogLevel level, fmt::format_string<Args...> format, Args&&... args) {
  if (log_enabled(level)) log_line(level, fmt::format(format, std::forward<Args>(args)...));
}
template <class... Args>
void log_about(LogLevel level, const LogSubject& subject, fmt::format_string<Args...> format, Args&&... args) {
  if (log_enabled(level)) log_line(level, fmt::format(format, std::forward<Args>(args)...), subject);
}
// Something failed with `error`; the format's last {} is for its sentence.
template <class... Args>
void log_failure(LogLevel level, const Error& error, fmt::format_string<Args..., const std::string&> format, Args&&... args) {
  if (log_enabled(level))
    log_line(level, fmt::format(format, std::forward<Args>(args)..., error.message), {.code = code_text(error.code)});
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
