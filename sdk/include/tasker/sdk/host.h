// The host as a plugin sees it outside attempts: a log and optional abilities. A state object may take one in its
// constructor and keep it; it is a pointer in value's clothes, valid until the state object is destroyed. [any]
#pragma once

#include <tasker/plugin.h>

#include <cstdint>
#include <string>
#include <string_view>

#include "tasker/sdk/json.h"

namespace tasker {
inline namespace sdk_v1 {

enum class Level : std::int32_t {
  trace = TASKER_LOG_TRACE,
  debug = TASKER_LOG_DEBUG,
  info = TASKER_LOG_INFO,
  warn = TASKER_LOG_WARN,
  error = TASKER_LOG_ERROR
};

class Host {
 public:
  explicit Host(const tasker_host* host) : host_(host) {}

  bool log_enabled(Level level) const { return host_->log_enabled(host_, static_cast<std::int32_t>(level)) != 0; }

  // fields: a JSON object that goes beside the message, or null.
  void log(Level level, std::string_view message, const Json& fields = nullptr, tasker_token token = 0) const {
    if (!log_enabled(level)) return;
    const std::string text = fields.is_null() ? std::string() : print_output(fields, "log fields");
    host_->log(host_, token, static_cast<std::int32_t>(level), borrow(message),
               text.empty() ? tasker_str{nullptr, 0} : borrow(text));
  }

  // "tasker.metrics/1"; nullptr when this host has none such.
  const void* extension(const char* id) const { return host_->extension(host_, id); }

  std::string_view version() const { return view(host_->version); }
  const tasker_host* raw() const { return host_; }

 private:
  const tasker_host* host_;
};

}  // namespace sdk_v1
}  // namespace tasker
