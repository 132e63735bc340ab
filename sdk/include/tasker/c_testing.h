/* c_testing.h - runs the handlers of a plugin without a host, for unit tests in C of handlers that answer TASKER_DONE.
 * tasker/testing.h is the larger kit, in C++, which also tests plugins in C.
 *
 *   tasker_test test;
 *   tasker_ended ended;
 *   if (!tasker_test_begin(&test, "{\"outbox\": \"/tmp/x\"}")) return 1;     the plugin's section of the configuration
 *   ended = tasker_test_run(&test, "charge", (tasker_attempt){.context = "{\"order\": 7}"});
 *   assert(ended.kind == TASKER_OK && strcmp(ended.payload, "{\"paid\":true}") == 0);
 *   return tasker_test_end(&test);                                          non-zero: the contract was broken
 *
 * tasker_add_plugin_test builds such a program. For tests only, on one thread. */
#ifndef TASKER_C_TESTING_H
#define TASKER_C_TESTING_H

#include <dlfcn.h>
#include <stdio.h>
#include <tasker/c.h>

/* What a test says about one attempt; what is 0 or NULL is as a first attempt has it. */
typedef struct tasker_attempt {
    const char *context, *inputs, *config; /* JSON; {} */
    const char *checkpoint;                /* JSON of an earlier attempt; none */
    const char *idempotency_key;           /* "42/<step>" */
    uint32_t    number;                    /* 1 */
    uint32_t    stop_bits;                 /* TASKER_STOP_* */
    uint32_t    retry_limit;               /* 3 */
    int64_t     deadline_unix_ms;          /* none */
    const char *correlation_id, *traceparent; /* none */
} tasker_attempt;

/* What came of it. Texts are the test's until its next attempt, and "" when there are none. */
typedef struct tasker_ended {
    int32_t     kind;
    uint64_t    retry_after_ms;
    const char *payload, *code, *message;
    const char *log, *event, *event_payload, *checkpoint; /* the last of each */
} tasker_ended;

typedef struct tasker_test {
    tasker_host          host;
    const tasker_plugin *plugin;
    void                *library, *self;
    char                *payload, *code, *message, *log, *event, *event_payload, *checkpoint; /* of the last attempt */
    uint32_t             stop_bits;
    unsigned             events, logs, problems;
} tasker_test;

static inline tasker_test *tasker_test_of(const tasker_host *host) { return (tasker_test *)host->ctx; }

static inline void tasker_test_complain(tasker_test *test, const char *sentence) {
    ++test->problems;
    fprintf(stderr, "against the contract: %s\n", sentence);
}

static inline void tasker_test_note(char **slot, tasker_str text) {
    free(*slot);
    *slot = tasker_copy(text);
}

static inline void tasker_test_log(const tasker_host *host, tasker_token token, int32_t level, tasker_str message,
                                   tasker_str fields) TASKER_NOEXCEPT {
    (void)token;
    (void)level;
    (void)fields;
    ++tasker_test_of(host)->logs;
    tasker_test_note(&tasker_test_of(host)->log, message);
    fprintf(stderr, "log: %.*s\n", (int)message.size, message.data);
}
static inline int32_t tasker_test_log_enabled(const tasker_host *host, int32_t level) TASKER_NOEXCEPT {
    (void)host;
    return level >= TASKER_LOG_TRACE;
}
static inline uint32_t tasker_test_should_stop(const tasker_host *host, tasker_token token) TASKER_NOEXCEPT {
    (void)token;
    return tasker_test_of(host)->stop_bits;
}
static inline uint32_t tasker_test_heartbeat(const tasker_host *host, tasker_token token, int32_t progress, tasker_str note,
                                             tasker_str checkpoint) TASKER_NOEXCEPT {
    (void)token;
    (void)note;
    if (checkpoint.size > 0) tasker_test_note(&tasker_test_of(host)->checkpoint, checkpoint);
    if (progress < -1 || progress > 1000) tasker_test_complain(tasker_test_of(host), "progress is 0 to 1000, or -1");
    return tasker_test_of(host)->stop_bits;
}
static inline int32_t tasker_test_emit(const tasker_host *host, tasker_token token, tasker_str name,
                                       tasker_str payload) TASKER_NOEXCEPT {
    (void)token;
    if (memchr(name.data, '.', (size_t)name.size) == NULL) return TASKER_E_INVALID;
    ++tasker_test_of(host)->events;
    tasker_test_note(&tasker_test_of(host)->event, name);
    tasker_test_note(&tasker_test_of(host)->event_payload, payload);
    return TASKER_E_OK;
}
static inline int32_t tasker_test_complete(const tasker_host *host, tasker_token token,
                                           const tasker_outcome *outcome) TASKER_NOEXCEPT {
    (void)token;
    tasker_test_complain(tasker_test_of(host), "complete() in a test of handlers that answer TASKER_DONE");
    if (outcome->release != NULL) outcome->release(outcome->release_ctx);
    return TASKER_E_STALE;
}
static inline const void *tasker_test_extension(const tasker_host *host, const char *id) TASKER_NOEXCEPT {
    (void)host;
    (void)id;
    return NULL;
}

static inline int tasker_test_load(tasker_test *test) {
#ifdef TASKER_TEST_PLUGIN_FILE
    test->library = dlopen(TASKER_TEST_PLUGIN_FILE, RTLD_NOW | RTLD_LOCAL);
    if (test->library != NULL) test->plugin = (const tasker_plugin *)dlsym(test->library, "tasker_plugin_v1");
    if (test->plugin == NULL) fprintf(stderr, "the plugin cannot be loaded: %s\n", dlerror());
#else
    test->plugin = &tasker_plugin_v1; /* linked into this program */
#endif
    return test->plugin != NULL;
}

/* 0: the plugin cannot be loaded, or its init() said no. */
static inline int tasker_test_begin(tasker_test *test, const char *config) {
    tasker_outcome error;
    memset(test, 0, sizeof *test);
    memset(&error, 0, sizeof error);
    error.struct_size = sizeof error;
    test->host.struct_size = sizeof test->host;
    test->host.abi_major = TASKER_ABI_MAJOR;
    test->host.abi_minor = TASKER_ABI_MINOR;
    test->host.ctx = test;
    test->host.name = tasker_text("tasker");
    test->host.version = tasker_text("0.1.0");
    test->host.log = tasker_test_log;
    test->host.log_enabled = tasker_test_log_enabled;
    test->host.should_stop = tasker_test_should_stop;
    test->host.heartbeat = tasker_test_heartbeat;
    test->host.emit = tasker_test_emit;
    test->host.complete = tasker_test_complete;
    test->host.extension = tasker_test_extension;
    if (!tasker_test_load(test)) return 0;
    if (test->plugin->init(&test->host, tasker_text(config), &test->self, &error) == 0) return 1;
    fprintf(stderr, "init() said no: %.*s\n", (int)error.message.size, error.message.data);
    if (error.release != NULL) error.release(error.release_ctx);
    return 0;
}

static inline const tasker_handler *tasker_test_handler(const tasker_test *test, const char *step) {
    const tasker_handler *const *at;
    for (at = test->plugin->handlers; *at != NULL; ++at)
        if ((*at)->name.size == strlen(step) && memcmp((*at)->name.data, step, strlen(step)) == 0) return *at;
    return NULL;
}

static inline void tasker_test_forget_what_was_said(tasker_test *test) {
    const tasker_str nothing = {NULL, 0};
    tasker_test_note(&test->log, nothing);
    tasker_test_note(&test->event, nothing);
    tasker_test_note(&test->event_payload, nothing);
    tasker_test_note(&test->checkpoint, nothing);
}

/* Keeps a copy of each text, as a host does, and lets the plugin release its own. */
static inline tasker_ended tasker_test_keep(tasker_test *test, const tasker_outcome *out) {
    tasker_ended ended;
    tasker_test_note(&test->payload, out->payload);
    tasker_test_note(&test->code, out->code);
    tasker_test_note(&test->message, out->message);
    if (out->release != NULL) out->release(out->release_ctx);
    if (out->kind < TASKER_OK || out->kind > TASKER_CANCELLED) tasker_test_complain(test, "there is no such kind of outcome");
    if (out->kind == TASKER_WAIT && out->retry_after_ms == 0) tasker_test_complain(test, "WAIT without a time");
    if (out->kind == TASKER_CANCELLED && test->stop_bits == 0) tasker_test_complain(test, "CANCELLED unasked");
    ended.kind = out->kind;
    ended.retry_after_ms = out->retry_after_ms;
    ended.payload = test->payload;
    ended.code = test->code;
    ended.message = test->message;
    ended.log = test->log;
    ended.event = test->event;
    ended.event_payload = test->event_payload;
    ended.checkpoint = test->checkpoint;
    return ended;
}

/* One attempt of the step, to its end. */
static inline tasker_ended tasker_test_run(tasker_test *test, const char *step, tasker_attempt attempt) {
    const tasker_handler *handler = tasker_test_handler(test, step);
    char key[256];
    tasker_call call;
    tasker_outcome out;
    memset(&call, 0, sizeof call);
    memset(&out, 0, sizeof out);
    snprintf(key, sizeof key, "42/%s", step);
    call.struct_size = sizeof call;
    out.struct_size = sizeof out;
    out.kind = -1;
    call.attempt = attempt.number == 0 ? 1 : attempt.number;
    call.retry_limit = attempt.retry_limit == 0 ? 3 : attempt.retry_limit;
    call.deadline_unix_ms = attempt.deadline_unix_ms;
    call.token = 1;
    call.task_id = tasker_text("42");
    call.step_id = tasker_text("688129");
    call.step_name = tasker_text(step);
    call.namespace_name = tasker_text("test");
    call.template_name = tasker_text("test");
    call.template_version = tasker_text("0.1.0");
    call.idempotency_key = tasker_text(attempt.idempotency_key == NULL ? key : attempt.idempotency_key);
    call.context = tasker_text(attempt.context == NULL ? "{}" : attempt.context);
    call.inputs = tasker_text(attempt.inputs == NULL ? "{}" : attempt.inputs);
    call.config = tasker_text(attempt.config == NULL ? "{}" : attempt.config);
    call.checkpoint = tasker_text(attempt.checkpoint);
    call.correlation_id = tasker_text(attempt.correlation_id);
    call.traceparent = tasker_text(attempt.traceparent);
    tasker_test_forget_what_was_said(test);
    test->stop_bits = attempt.stop_bits;
    if (handler == NULL)
        tasker_test_complain(test, "the plugin has no handler of that name");
    else if (handler->run(test->self, &call, &out) != TASKER_DONE)
        tasker_test_complain(test, "run() did not answer TASKER_DONE");
    return tasker_test_keep(test, &out);
}

/* Ends the plugin. How often the contract was broken. */
static inline int tasker_test_end(tasker_test *test) {
    test->plugin->fini(test->self);
    free(test->payload);
    free(test->code);
    free(test->message);
    free(test->log);
    free(test->event);
    free(test->event_payload);
    free(test->checkpoint);
    if (test->library != NULL) dlclose(test->library);
    return (int)test->problems;
}

#endif /* TASKER_C_TESTING_H */
