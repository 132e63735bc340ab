// Every stable error code, once. A code is what scripts, tests and the documentation hold on to: the text
// beside it may be reworded, the code may not. Grouped by the part that raises it. What each means and what to do
// about it stands in error_guide.cpp, which does not compile while a code is missing there.
#pragma once

#include <optional>
#include <span>
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
  X(data_dir_in_use, "data.in_use", 409)                   \
  X(data_dir_unusable, "data.unusable", 500)               \
  X(postgres_missing, "postgres.not_found", 503)           \
  X(postgres_start_failed, "postgres.start_failed", 503)   \
  X(server_unreachable, "server.unreachable", 503)         \
  X(conflict, "conflict", 409)                             \
  X(not_allowed, "not_allowed", 403)                       \
  X(config_invalid, "config.invalid", 400)                 \
  X(template_invalid, "template.invalid", 422)             \
  X(template_cycle, "template.cycle", 422)                 \
  X(template_unknown_key, "template.unknown_key", 422)     \
  X(plugin_untrusted_file, "plugin.untrusted_file", 422)     \
  X(plugin_not_allowed, "plugin.not_allowed", 422)         \
  X(plugin_config_unavailable, "plugin.config_unavailable", 422) \
  X(plugin_too_large, "plugin.too_large", 422)             \
  X(plugin_unreadable, "plugin.unreadable", 500)           \
  X(plugin_state_dir, "plugin.state_dir", 500)             \
  X(plugin_not_elf, "plugin.not_elf", 422)                 \
  X(plugin_truncated, "plugin.truncated", 422)             \
  X(plugin_wrong_machine, "plugin.wrong_machine", 422)     \
  X(plugin_malformed, "plugin.malformed", 422)             \
  X(plugin_missing_symbol, "plugin.missing_symbol", 422)   \
  X(plugin_extra_symbol, "plugin.extra_symbol", 422)       \
  X(plugin_unique_symbol, "plugin.unique_symbol", 422)     \
  X(plugin_manifest_invalid, "plugin.manifest_invalid", 422) \
  X(plugin_path_mismatch, "plugin.path_mismatch", 422)     \
  X(plugin_version_mismatch, "plugin.version_mismatch", 422) \
  X(plugin_version_immutable, "plugin.version_immutable", 409) \
  X(plugin_load_failed, "plugin.load_failed", 422)         \
  X(plugin_abi_unsupported, "plugin.abi_unsupported", 422) \
  X(plugin_bad_table, "plugin.bad_table", 422)             \
  X(plugin_handler_missing, "plugin.handler_missing", 422) \
  X(plugin_handler_unknown, "plugin.handler_unknown", 422) \
  X(plugin_init_failed, "plugin.init_failed", 422)         \
  X(plugin_not_loaded, "plugin.not_loaded", 503)           \
  X(plugin_not_supported_yet, "plugin.not_supported_yet", 422) \
  X(plugin_bad_result, "plugin.bad_result", 422)           \
  X(plugin_bad_outcome, "plugin.bad_outcome", 422)         \
  X(plugin_threw, "plugin.threw", 500)                     \
  X(http_port_taken, "http.port_taken", 503)               \
  X(http_address_refused, "http.address_refused", 400)     \
  X(http_bind_failed, "http.bind_failed", 500)             \
  X(http_bad_request, "http.bad_request", 400)             \
  X(http_header_too_large, "http.header_too_large", 431)   \
  X(http_request_timeout, "http.request_timeout", 408)     \
  X(http_path_unknown, "http.path_unknown", 404)           \
  X(http_method, "http.method_not_allowed", 405)           \
  X(http_media_type, "http.unsupported_media_type", 415)   \
  X(http_host_refused, "http.host_refused", 403)           \
  X(http_origin_refused, "http.origin_refused", 403)       \
  X(request_parameter, "request.bad_parameter", 400)       \
  X(request_header, "request.bad_header", 400)             \
  X(request_missing, "request.missing_field", 400)         \
  X(request_unknown_field, "request.unknown_field", 400)   \
  X(request_duplicate_key, "request.duplicate_key", 400)   \
  X(request_unsupported, "request.not_supported_yet", 400) \
  X(template_unsupported, "template.not_supported_yet", 422) \
  X(config_not_found, "config.not_found", 404)             \
  X(command_invalid, "command.invalid", 400)               \
  X(command_interrupted, "command.interrupted", 500)       \
  X(command_timed_out, "command.timed_out", 504)           \
  X(server_bad_answer, "server.bad_answer", 502)           \
  X(plugin_bad_input, "plugin.bad_input", 422)             \
  X(plugin_bad_event, "plugin.bad_event", 422)             \
  X(no_memory, "host.no_memory", 503)                      \
  X(idempotency_key_reused, "request.key_reused", 422)     \
  X(step_lost, "step.lost_too_often", 500)                 \
  X(plugin_crashed, "plugin.crashed", 500)                 \
  X(plugin_timeout, "plugin.timeout", 500)                 \
  X(plugin_quarantined, "plugin.quarantined", 503)         \
  X(plugin_runner_failed, "plugin.runner_failed", 500)     \
  X(plugin_retired, "plugin.retired", 409)                 \
  X(plugin_is_default, "plugin.is_default", 409)           \
  X(default_unavailable, "handler.default_unavailable", 409) \
  X(no_thread, "host.no_thread", 503)                      \
  X(plugin_not_refused, "plugin.not_refused", 409)         \
  X(plugin_unbound, "plugin.unbound", 422)                 \
  X(plugin_check_failed, "plugin.check_failed", 422)       \
  X(plugin_unsafe_replacement, "plugin.unsafe_replacement", 422)

enum class Code {
#define X(name, text, http) name,
  TASKER_ERROR_CODES(X)
#undef X
};

// The stable text of a code: "plugin.version_mismatch".
std::string_view code_text(Code code);
// The HTTP status that the API answers with.
int code_http_status(Code code);
// The code of a stable text; nothing when there is none.
std::optional<Code> code_from_text(std::string_view text);
// All of them, in the order of the list.
std::span<const Code> all_codes();

}  // namespace tasker
