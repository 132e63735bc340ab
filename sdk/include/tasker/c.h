/* c.h - comfort for plugins in C, over tasker/plugin.h: how an attempt ends, a line in the log, and the tables.
 *
 *   static int32_t greet(void *self, const tasker_call *call, tasker_outcome *out) {
 *       if (call->attempt == 1) return tasker_retry(out, 200, "greeter.shy", "not at attempt %u", call->attempt);
 *       return tasker_ok(out, strdup("{\"said\": \"hello\"}"));
 *   }
 *   TASKER_C_HANDLER(greet, "greet")
 *   TASKER_C_PLUGIN(tasker_no_state, tasker_no_end, &TASKER_C_HANDLER_OF(greet))
 *
 * C99, libc alone; JSON is text here, for a library of your choice. [any] thread. */
#ifndef TASKER_C_H
#define TASKER_C_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <tasker/plugin.h>

/* A null-terminated copy to be freed, "" of what is absent. NULL: no memory. */
static inline char *tasker_copy(tasker_str text) {
    char *copy = (char *)malloc((size_t)text.size + 1);
    if (copy == NULL) return NULL;
    if (text.size > 0) memcpy(copy, text.data, (size_t)text.size);
    copy[text.size] = '\0';
    return copy;
}

static inline tasker_str tasker_text(const char *text) {
    tasker_str given = {text, text == NULL ? 0 : strlen(text)};
    return given;
}

/* As printf does, into text to be freed. NULL: no memory, or values that cannot be written so. */
static inline char *tasker_formatted(const char *format, va_list values) {
    va_list again;
    char *text = NULL;
    int size;
    va_copy(again, values);
    size = vsnprintf(NULL, 0, format, values);
    if (size >= 0) text = (char *)malloc((size_t)size + 1);
    if (text != NULL) vsnprintf(text, (size_t)size + 1, format, again);
    va_end(again);
    return text;
}

/* The functions below fill in the outcome and answer TASKER_DONE, to be returned by a handler as they are. */

/* For when malloc said NULL: another attempt. */
static inline int32_t tasker_no_memory(tasker_outcome *out) {
    out->kind = TASKER_RETRY;
    out->code = tasker_text("no_memory");
    out->message = tasker_text("there was no memory for the answer");
    return TASKER_DONE;
}

/* The step's result: JSON from malloc, which is the outcome's from now on. */
static inline int32_t tasker_ok(tasker_outcome *out, char *json) {
    if (json == NULL) return tasker_no_memory(out);
    out->kind = TASKER_OK;
    out->payload = tasker_text(json);
    out->release = free;
    out->release_ctx = json;
    return TASKER_DONE;
}

static inline int32_t tasker_end(tasker_outcome *out, int32_t kind, const char *code, const char *format, va_list values) {
    char *message = tasker_formatted(format, values);
    out->kind = kind;
    out->code = tasker_text(code);
    out->message = message == NULL ? tasker_text("no memory for the message") : tasker_text(message);
    out->release = message == NULL ? NULL : free;
    out->release_ctx = message;
    return TASKER_DONE;
}

/* Failed for good. code is static text: "card.declined". */
__attribute__((format(printf, 3, 4)))
static inline int32_t tasker_fail(tasker_outcome *out, const char *code, const char *format, ...) {
    va_list values;
    va_start(values, format);
    tasker_end(out, TASKER_FAIL, code, format, values);
    va_end(values);
    return TASKER_DONE;
}

/* Worth another attempt, after so many milliseconds; 0 leaves it to the step's backoff. code is static text. */
__attribute__((format(printf, 4, 5)))
static inline int32_t tasker_retry(tasker_outcome *out, uint64_t after_ms, const char *code, const char *format, ...) {
    va_list values;
    va_start(values, format);
    tasker_end(out, TASKER_RETRY, code, format, values);
    va_end(values);
    out->retry_after_ms = after_ms;
    return TASKER_DONE;
}

/* Not yet: once more after that time, which is not 0, without spending an attempt. */
static inline int32_t tasker_wait(tasker_outcome *out, uint64_t after_ms) {
    out->kind = TASKER_WAIT;
    out->retry_after_ms = after_ms;
    return TASKER_DONE;
}

/* Stopped because should_stop() said so; a host refuses it otherwise. */
static inline int32_t tasker_cancelled(tasker_outcome *out) {
    out->kind = TASKER_CANCELLED;
    return TASKER_DONE;
}

/* A line in the host's log, of this attempt; call may be NULL. level is TASKER_LOG_*. */
__attribute__((format(printf, 4, 5)))
static inline void tasker_log(const tasker_host *host, const tasker_call *call, int32_t level, const char *format, ...) {
    const tasker_str no_fields = {NULL, 0};
    va_list values;
    char *line;
    if (!host->log_enabled(host, level)) return;
    va_start(values, format);
    line = tasker_formatted(format, values);
    va_end(values);
    if (line != NULL) host->log(host, call == NULL ? 0 : call->token, level, tasker_text(line), no_fields);
    free(line);
}

/* For plugins that keep nothing between attempts: self is the host. */
static inline int32_t tasker_no_state(const tasker_host *host, tasker_str config, void **self,
                                      tasker_outcome *error) TASKER_NOEXCEPT {
    (void)config;
    (void)error;
    *self = (void *)(uintptr_t)host;
    return 0;
}
static inline void tasker_no_end(void *self) TASKER_NOEXCEPT { (void)self; }

/* The tables. A handler's name is what the template calls the step. */
#define TASKER_C_HANDLER_OF(function) tasker_handler_of_##function
#define TASKER_C_HANDLER(function, name) \
    static const tasker_handler TASKER_C_HANDLER_OF(function) = {sizeof(tasker_handler), 0, TASKER_STR(name), function, NULL};

/* Once in a plugin: its init and fini, then the handlers. */
#define TASKER_C_PLUGIN(init, fini, ...)                                                      \
    static const tasker_handler *const tasker_handlers_of_plugin[] = {__VA_ARGS__, NULL};     \
    const tasker_plugin tasker_plugin_v1 = {                                                  \
        sizeof(tasker_plugin), TASKER_ABI_MAJOR, TASKER_ABI_MINOR, 0, 0, init, NULL, fini,    \
        tasker_handlers_of_plugin, NULL, NULL, NULL, NULL};

#endif /* TASKER_C_H */
