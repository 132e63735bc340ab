/* plugin.h - the whole contract between the Tasker host and a plugin.
 *
 * One plugin file holds one workflow template at one version and the handlers
 * that run its steps. C99, no dependency but the two headers below. The words
 * behind it (versions, memory, threads, what is planned) are in ABI.md.
 *
 * THREE RULES THAT NEVER CHANGE
 *   1. Who allocates, frees. Neither side ever frees the other's memory.
 *   2. No exception, longjmp or thread exit crosses a call in this file.
 *   3. Structs grow at the end only. Every struct that can grow opens with its
 *      own size; a reader asks TASKER_HAS() before it touches a member newer
 *      than 1.0.
 *
 * THREAD MARKS on each function
 *   [loader] the host's loader, one call at a time for a plugin; attempts may
 *            run meanwhile only where the function says so
 *   [worker] any thread of the host's handler pool; calls may overlap
 *   [any]    any thread, the plugin's own threads too
 */
#ifndef TASKER_PLUGIN_H
#define TASKER_PLUGIN_H

#include <stddef.h>
#include <stdint.h>

#define TASKER_ABI_MAJOR 1 /* in the entry symbol's name: tasker_plugin_v1 */
#define TASKER_ABI_MINOR 0 /* grows with every member or function added */

/* Plugins cannot hand over a function that may throw: it is a compile error from
 * C++17 on. The host is built with TASKER_HOST, so that it can still catch what
 * a plugin built otherwise throws. */
#if defined(__cplusplus) && !defined(TASKER_HOST)
#define TASKER_NOEXCEPT noexcept
#else
#define TASKER_NOEXCEPT
#endif

#define TASKER_EXPORT __attribute__((visibility("default")))

/* True if the object behind p is large enough to hold member m. */
#define TASKER_HAS(p, m) ((p)->struct_size >= offsetof(__typeof__(*(p)), m) + sizeof((p)->m))

#ifdef __cplusplus
extern "C" {
#endif

/* Length-delimited UTF-8. Not null-terminated. {NULL, 0} is "absent". */
typedef struct tasker_str {
    const char *data;
    uint64_t    size;
} tasker_str;

/* Initialises a tasker_str from a string literal, also in static storage. */
#define TASKER_STR(literal) { literal, sizeof(literal) - 1 }

/* Names one running attempt of a step. Never reused within a host process, so a
 * late or second completion is refused instead of touching freed memory. 0 is none. */
typedef uint64_t tasker_token;

/* What a plugin file may offer beside or instead of handlers: tasker_part.kind. A host
 * refuses a file with a part that it does not know; this one knows none yet. */
enum {
    TASKER_PART_SUBSCRIBER    = 1,
    TASKER_PART_AUTHENTICATOR = 2,
    TASKER_PART_EXPORTER      = 3
};

/* How every part begins; the struct of its kind goes on from here. */
typedef struct tasker_part {
    uint32_t struct_size; /* of the whole part */
    uint32_t kind;        /* TASKER_PART_* */
} tasker_part;

/* Why a step should stop. tasker_host.should_stop() returns these as bits. */
enum {
    TASKER_STOP_CANCELLED  = 1, /* the task was cancelled; not raised in this release */
    TASKER_STOP_DEADLINE   = 2, /* the attempt's deadline has passed; not raised in this release */
    TASKER_STOP_DRAINING   = 4, /* plugin or host is being retired: finish or give up soon */
    TASKER_STOP_LEASE_LOST = 8  /* another host may own the step now: side effects must end */
};

/* How an attempt ended. Other numbers are refused as plugin.bad_outcome. */
enum {
    TASKER_OK        = 0, /* payload is the step's result */
    TASKER_RETRY     = 1, /* failed, worth another attempt; counts as one */
    TASKER_FAIL      = 2, /* failed for good; no further attempt */
    TASKER_WAIT      = 3, /* not yet; run again after retry_after_ms; counts as no attempt */
    TASKER_CANCELLED = 4  /* stopped because should_stop() said so; else refused */
};

/* What tasker_handler.run returns. */
enum {
    TASKER_DONE    = 0, /* *out is filled in */
    TASKER_PENDING = 1  /* the plugin will call tasker_host.complete() later, exactly once */
};

/* What host functions return. Zero is success. */
enum {
    TASKER_E_OK       = 0,
    TASKER_E_STALE    = -1, /* the token is finished or was never given out */
    TASKER_E_INVALID  = -2, /* bad argument, text that is not UTF-8 or not JSON */
    TASKER_E_TOO_BIG  = -3, /* over the host's limits */
    TASKER_E_BUSY     = -4, /* not now; try again */
    TASKER_E_INTERNAL = -5
};

enum {
    TASKER_LOG_TRACE = 0,
    TASKER_LOG_DEBUG = 1,
    TASKER_LOG_INFO  = 2,
    TASKER_LOG_WARN  = 3,
    TASKER_LOG_ERROR = 4
};

/* One attempt to run one step. Borrowed: valid until run() returns TASKER_DONE, or
 * until complete() returns for a call that answered TASKER_PENDING. */
typedef struct tasker_call {
    uint32_t     struct_size;
    uint32_t     attempt;          /* 1 on the first try */
    uint32_t     retry_limit;      /* all attempts, the first included */
    uint32_t     reserved_1;
    tasker_token token;
    int64_t      deadline_unix_ms; /* wall clock, for a service that is told when; 0: none */
    uint64_t     timeout_ms;       /* the same, from the start of run(): for a steady clock; 0: none.
                                    *   Both are 0 in this release */
    tasker_str   task_id;          /* decimal text; opaque to the plugin */
    tasker_str   step_id;          /* decimal text: the workflow_step_id */
    tasker_str   step_name;
    tasker_str   namespace_name;   /* of the template the task was made from, */
    tasker_str   template_name;    /*   which need not be this plugin's own */
    tasker_str   template_version;
    tasker_str   idempotency_key;  /* the same on every attempt of this step */
    tasker_str   context;          /* JSON: what the task was submitted with */
    tasker_str   inputs;           /* JSON: {"parent step name": its result, ...} */
    tasker_str   config;           /* JSON: the step's handler_config, "{}" when it has none */
    tasker_str   checkpoint;       /* JSON: an earlier attempt's last checkpoint, or absent */
    tasker_str   correlation_id;   /* or absent */
    tasker_str   traceparent;      /* W3C trace context of the request that made the task, or absent */
} tasker_call;

/* The host allocates this, zeroes it and sets struct_size; the plugin fills it. For
 * complete() the plugin does both. All text is the plugin's: the host copies it,
 * then calls release exactly once, also when it refuses the outcome. */
typedef struct tasker_outcome {
    uint32_t   struct_size;
    int32_t    kind;           /* TASKER_OK ... TASKER_CANCELLED */
    uint64_t   retry_after_ms; /* RETRY: 0 leaves it to the step's backoff, 1 is at once. WAIT: needed */
    tasker_str payload;        /* JSON: the result, or details of the error; absent is null */
    tasker_str code;           /* errors: short, stable, for machines: "card.declined" */
    tasker_str message;        /* errors: one line for people */
    void     (*release)(void *release_ctx) TASKER_NOEXCEPT; /* NULL: static text. Called on the thread
                                                             *   that handed the outcome over, before
                                                             *   that call ends */
    void      *release_ctx;
} tasker_outcome;

/* A task, as the two task hooks of tasker_plugin see it. Borrowed for the call. */
typedef struct tasker_task {
    uint32_t     struct_size;
    uint32_t     reserved_1;
    tasker_token token;            /* for log(), should_stop() and complete() */
    int64_t      deadline_unix_ms; /* as in tasker_call */
    uint64_t     timeout_ms;
    tasker_str   task_id;
    tasker_str   namespace_name;
    tasker_str   template_name;
    tasker_str   template_version;
    tasker_str   state;            /* "pending" at creation; "complete", "error", ... at the end */
    tasker_str   context;          /* JSON */
    tasker_str   results;          /* JSON: {"step name": its result, ...}; absent at creation */
    tasker_str   correlation_id;   /* or absent */
} tasker_task;

/* What the host offers. Owned by the host, valid from init() until fini() returns.
 * Keep the pointer; never copy the struct, it may be larger than you know. */
typedef struct tasker_host tasker_host;
struct tasker_host {
    uint32_t   struct_size;
    uint16_t   abi_major;
    uint16_t   abi_minor;
    void      *ctx;            /* the host's; do not touch */
    tasker_str name;           /* "tasker" */
    tasker_str version;        /* semver, for logs only: test abilities, not versions */

    /* [any] Writes one line. fields is a JSON object or absent. token may be 0. */
    void (*log)(const tasker_host *, tasker_token, int32_t level, tasker_str message,
                tasker_str fields) TASKER_NOEXCEPT;

    /* [any] Cheap. 0: nobody would read it, skip building the message. */
    int32_t (*log_enabled)(const tasker_host *, int32_t level) TASKER_NOEXCEPT;

    /* [any] TASKER_STOP_* bits, 0 to carry on. Cheap enough for an inner loop. A
     * token that is finished answers TASKER_STOP_LEASE_LOST. */
    uint32_t (*should_stop)(const tasker_host *, tasker_token) TASKER_NOEXCEPT;

    /* [any] "Still alive", with an optional JSON checkpoint, which replaces the one
     * before and comes back to the next attempt as tasker_call.checkpoint; absent
     * keeps the old one. progress is 0..1000, or -1 for unknown; note is one line
     * for people, or absent; this release drops both. Answers like should_stop(). A
     * checkpoint that is not JSON or too big is dropped with a log line. More often
     * costs nothing: only the last one is written, with the attempt's outcome. */
    uint32_t (*heartbeat)(const tasker_host *, tasker_token, int32_t progress, tasker_str note,
                          tasker_str checkpoint) TASKER_NOEXCEPT;

    /* [any] Publishes a domain event, one of the custom_events of step or template. Kept
     * by the host and committed in the same transaction as the attempt's outcome: never
     * seen unless the outcome is. TASKER_E_INVALID: the template names no such event. */
    int32_t (*emit)(const tasker_host *, tasker_token, tasker_str event_name,
                    tasker_str payload) TASKER_NOEXCEPT;

    /* [any] Ends a TASKER_PENDING attempt, once; it may come before run() has
     * returned. The host has copied everything and called release before this
     * returns. TASKER_E_STALE: too late, the outcome is dropped. */
    int32_t (*complete)(const tasker_host *, tasker_token, const tasker_outcome *) TASKER_NOEXCEPT;

    /* [any] Optional abilities, "tasker.metrics/1". NULL when the host has none such.
     * The answer lives as long as the host pointer. */
    const void *(*extension)(const tasker_host *, const char *id) TASKER_NOEXCEPT;
};

enum {
    TASKER_HANDLER_ASYNC = 1 /* run() returns within milliseconds, never blocks */
};

/* One handler's code. Static storage; valid while the plugin is loaded. */
typedef struct tasker_handler {
    uint32_t   struct_size;
    uint32_t   flags;          /* TASKER_HANDLER_*; unknown bits are refused */
    tasker_str name;           /* what the template's handler_class, or the step's name, means */

    /* [worker] Runs one attempt. May overlap with itself. Input that it cannot read
     * is TASKER_FAIL, not a crash. */
    int32_t (*run)(void *self, const tasker_call *call, tasker_outcome *out) TASKER_NOEXCEPT;

    /* [any] Optional (NULL) nudge for work that cannot poll should_stop(). At most once
     * an attempt, maybe while run() is still going. Must not block, must not complete
     * inline. The attempt still ends through run() or complete(). This release does not
     * call it yet: poll should_stop(). */
    void (*cancel)(void *self, tasker_token token, uint32_t why) TASKER_NOEXCEPT;
} tasker_handler;

/* What the plugin exports: exactly two symbols, this and tasker_manifest_v1. */
typedef struct tasker_plugin {
    uint32_t struct_size;
    uint16_t abi_major;        /* TASKER_ABI_MAJOR of the header it was built with */
    uint16_t abi_minor;        /* TASKER_ABI_MINOR of that header: for people */
    uint32_t needs_abi_minor;  /* hosts older than this refuse the file; usually 0 */
    uint32_t reserved_1;

    /* [loader] Once, first. Builds *self: all state lives there, none in globals.
     * config is the plugin's JSON object from the host's configuration, "{}" when it
     * has none. On failure answer non-zero, fill error's code and message, leave
     * nothing behind; fini() is not called. */
    int32_t (*init)(const tasker_host *host, tasker_str config, void **self,
                    tasker_outcome *error) TASKER_NOEXCEPT;

    /* [loader] Optional. The plugin is being retired; no new run() comes. Return at
     * once; attempts still running go on, and see TASKER_STOP_DRAINING. */
    void (*drain)(void *self) TASKER_NOEXCEPT;

    /* [loader] Last. No attempt is running or pending. Join every thread, close every
     * descriptor, free *self: the code may be unmapped when this returns. */
    void (*fini)(void *self) TASKER_NOEXCEPT;

    /* NULL-terminated. An array of pointers, so that tasker_handler can grow. May be
     * empty, not NULL, in a file that offers only parts. */
    const tasker_handler *const *handlers;

    /* NULL-terminated, or NULL: ids of the extensions without which the plugin is of no
     * use. A host that has not all of them refuses the file. */
    const char *const *needs_extensions;

    /* NULL-terminated, or NULL: what the file offers besides handlers. */
    const tasker_part *const *parts;

    /* [worker] Optional (NULL) task hooks. This release refuses a plugin that sets
     * either as "not yet supported" rather than never calling it: see ABI.md.
     * task_created: once for each new task of the template, before its first step. The
     *   payload, {"steps": {"charge": {"retry_limit": 5, "handler_config": {...}}}},
     *   sets limits and defaults for this task; FAIL refuses the task.
     * task_ended: once, after the task has ended. The payload,
     *   {"annotations": {"type": ...}}, is added to the task. */
    int32_t (*task_created)(void *self, const tasker_task *task, tasker_outcome *out) TASKER_NOEXCEPT;
    int32_t (*task_ended)(void *self, const tasker_task *task, tasker_outcome *out) TASKER_NOEXCEPT;
} tasker_plugin;

/* Entry. Data, not a function: the host checks it before any plugin call. */
extern TASKER_EXPORT const tasker_plugin tasker_plugin_v1;

/* The manifest: the YAML task template as text in the section ".tasker_manifest",
 * null-terminated, at most as long as the section. The build puts it there
 * (tasker_add_plugin in the SDK), so that it is readable without loading the file:
 *   readelf -p .tasker_manifest refund-1.2.0.so                                   */
extern TASKER_EXPORT const char tasker_manifest_v1[];

#ifdef __cplusplus
} /* extern "C" */
#endif
#endif /* TASKER_PLUGIN_H */
