/* The layout of every struct of the contract on 64-bit machines, held at compile time. Included by one C and one C++
 * file. A member is added at the end with its own line and a line in plugin-api/ABI.md; no other line changes. */
#include <tasker/plugin.h>

#ifdef __cplusplus
#define HOLDS(what) static_assert(what, #what)
#else
#define HOLDS(what) _Static_assert(what, #what)
#endif
#define SIZE(type, bytes) HOLDS(sizeof(type) == (bytes))
#define AT(type, member, offset) HOLDS(offsetof(type, member) == (offset))

SIZE(tasker_str, 16);
AT(tasker_str, data, 0);
AT(tasker_str, size, 8);

SIZE(tasker_call, 248);
AT(tasker_call, struct_size, 0);
AT(tasker_call, attempt, 4);
AT(tasker_call, retry_limit, 8);
AT(tasker_call, reserved_1, 12);
AT(tasker_call, token, 16);
AT(tasker_call, deadline_unix_ms, 24);
AT(tasker_call, timeout_ms, 32);
AT(tasker_call, task_id, 40);
AT(tasker_call, step_id, 56);
AT(tasker_call, step_name, 72);
AT(tasker_call, namespace_name, 88);
AT(tasker_call, template_name, 104);
AT(tasker_call, template_version, 120);
AT(tasker_call, idempotency_key, 136);
AT(tasker_call, context, 152);
AT(tasker_call, inputs, 168);
AT(tasker_call, config, 184);
AT(tasker_call, checkpoint, 200);
AT(tasker_call, correlation_id, 216);
AT(tasker_call, traceparent, 232);

SIZE(tasker_outcome, 80);
AT(tasker_outcome, struct_size, 0);
AT(tasker_outcome, kind, 4);
AT(tasker_outcome, retry_after_ms, 8);
AT(tasker_outcome, payload, 16);
AT(tasker_outcome, code, 32);
AT(tasker_outcome, message, 48);
AT(tasker_outcome, release, 64);
AT(tasker_outcome, release_ctx, 72);

SIZE(tasker_task, 160);
AT(tasker_task, struct_size, 0);
AT(tasker_task, reserved_1, 4);
AT(tasker_task, token, 8);
AT(tasker_task, deadline_unix_ms, 16);
AT(tasker_task, timeout_ms, 24);
AT(tasker_task, task_id, 32);
AT(tasker_task, namespace_name, 48);
AT(tasker_task, template_name, 64);
AT(tasker_task, template_version, 80);
AT(tasker_task, state, 96);
AT(tasker_task, context, 112);
AT(tasker_task, results, 128);
AT(tasker_task, correlation_id, 144);

SIZE(tasker_host, 104);
AT(tasker_host, struct_size, 0);
AT(tasker_host, abi_major, 4);
AT(tasker_host, abi_minor, 6);
AT(tasker_host, ctx, 8);
AT(tasker_host, name, 16);
AT(tasker_host, version, 32);
AT(tasker_host, log, 48);
AT(tasker_host, log_enabled, 56);
AT(tasker_host, should_stop, 64);
AT(tasker_host, heartbeat, 72);
AT(tasker_host, emit, 80);
AT(tasker_host, complete, 88);
AT(tasker_host, extension, 96);

SIZE(tasker_handler, 40);
AT(tasker_handler, struct_size, 0);
AT(tasker_handler, flags, 4);
AT(tasker_handler, name, 8);
AT(tasker_handler, run, 24);
AT(tasker_handler, cancel, 32);

SIZE(tasker_part, 8);
AT(tasker_part, struct_size, 0);
AT(tasker_part, kind, 4);

SIZE(tasker_plugin, 80);
AT(tasker_plugin, struct_size, 0);
AT(tasker_plugin, abi_major, 4);
AT(tasker_plugin, abi_minor, 6);
AT(tasker_plugin, needs_abi_minor, 8);
AT(tasker_plugin, reserved_1, 12);
AT(tasker_plugin, init, 16);
AT(tasker_plugin, drain, 24);
AT(tasker_plugin, fini, 32);
AT(tasker_plugin, handlers, 40);
AT(tasker_plugin, needs_extensions, 48);
AT(tasker_plugin, parts, 56);
AT(tasker_plugin, task_created, 64);
AT(tasker_plugin, task_ended, 72);

/* Numbers that files built earlier have in them. */
HOLDS(TASKER_ABI_MAJOR == 1 && TASKER_ABI_MINOR == 0);
HOLDS(TASKER_PART_SUBSCRIBER == 1 && TASKER_PART_AUTHENTICATOR == 2 && TASKER_PART_EXPORTER == 3);
HOLDS(TASKER_STOP_CANCELLED == 1 && TASKER_STOP_DEADLINE == 2 && TASKER_STOP_DRAINING == 4);
HOLDS(TASKER_STOP_LEASE_LOST == 8);
HOLDS(TASKER_OK == 0 && TASKER_RETRY == 1 && TASKER_FAIL == 2 && TASKER_WAIT == 3 && TASKER_CANCELLED == 4);
HOLDS(TASKER_DONE == 0 && TASKER_PENDING == 1);
HOLDS(TASKER_E_OK == 0 && TASKER_E_STALE == -1 && TASKER_E_INVALID == -2 && TASKER_E_TOO_BIG == -3);
HOLDS(TASKER_E_BUSY == -4 && TASKER_E_INTERNAL == -5);
HOLDS(TASKER_LOG_TRACE == 0 && TASKER_LOG_ERROR == 4);
HOLDS(TASKER_HANDLER_ASYNC == 1);
