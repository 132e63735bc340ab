// Every stable error code, once. A code is what scripts, tests and the documentation hold on to: the text
// beside it may be reworded, the code may not. Grouped by the part that raises it.
#pragma once

#include <string_view>

namespace tasker {

// X(enumerator, "stable.code", HTTP status shown by the API)
#define TASKER_ERROR_CODES(X)                              \
  X(internal, "internal", 500)                             \
  X(invalid_argument, "request.invalid", 400)              \
  X(invalid_json, "request.invalid_json", 400)             \
  X(not_found, "not_found", 404)                           \
  X(too_large, "request.too_large", 413)                   \
  X(overloaded, "host.overloaded", 503)                    \
  X(stopping, "host.stopping", 503)                        \
  X(timed_out, "host.timed_out", 504)                      \
  X(context_invalid, "context.invalid", 422)               \
  X(unknown_handler, "handler.unknown", 404)               \
  X(version_unknown, "handler.version_unknown", 404)       \
  X(namespace_unknown, "namespace.unknown", 404)           \
  X(database_unavailable, "database.unavailable", 503)     \
  X(database_error, "database.error", 500)                 \
  X(database_newer, "database.newer_than_host", 503)       \
  X(database_unfit, "database.unfit", 503)                 \
  X(database_bad_value, "database.bad_value", 422)         \
  X(database_locked, "database.locked", 503)               \
  X(host_dead, "host.declared_dead", 503)                  \
  X(config_invalid, "config.invalid", 400)                 \
  X(template_invalid, "template.invalid", 422)             \
  X(template_cycle, "template.cycle", 422)                 \
  X(template_unknown_key, "template.unknown_key", 422)     \
  X(template_unsupported, "template.not_supported_yet", 422)

enum class Code {
#define X(name, text, http) name,
  TASKER_ERROR_CODES(X)
#undef X
};

// The stable text of a code: "plugin.version_mismatch".
std::string_view code_text(Code code);
// The HTTP status that the API answers with.
int code_http_status(Code code);

}  // namespace tasker
