// What the engine needs of the world: a store that decides and remembers, and a catalogue of loaded handlers.
// PostgreSQL (store/pg_store.h) and an in-memory store (tests/support) pass one contract suite; the plugin
// folder implements the handlers. The engine calls these from its strand; replies may come on any thread, once.
//
// JSON travels as text end to end: parsing and printing it again would change numbers.
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "model/outcome.h"
#include "model/task_template.h"

namespace tasker::engine {

using Millis = std::chrono::milliseconds;
using Micros = std::chrono::microseconds;

// Called exactly once, on any thread.
template <class T>
using Reply = std::function<void(Result<T>)>;

// ---------------------------------------------------------------- store: work

struct ClaimedStep {
  StepKey step;
  std::int32_t claim_no = 0;
  std::int32_t attempt = 1;      // how many attempts of the budget are used with this one
  std::int32_t retry_limit = 3;
  std::int32_t revision = 0;     // of the task; cached results count only while it is unchanged
  TemplateId template_id{};
  PluginId plugin_id{};
};

struct NewTask {
  TemplateId template_id{};
  std::string context = "{}";
  std::string initiator = "unknown";
  std::string source_system = "unknown";
  std::string reason = "unknown";
  std::string tags = "[]";            // JSON array of strings
  std::string correlation_id;         // empty: none
  std::string start_at;               // RFC 3339, empty: now
  int priority = 5;                   // 0 is the most urgent, 9 the least
  std::string traceparent = {};       // W3C trace context; empty: none
};

// What makes a request of a client one that may be repeated: its own name for it, and what it asked for.
struct IdempotencyKey {
  std::string key;     // empty: none
  std::string digest;  // of the request, hexadecimal
  std::chrono::seconds life{0};  // how long it counts
};

// The request of one client among those of a call: so many of its tasks, all or none, once for its key.
struct KeyedPart {
  std::size_t tasks = 0;
  IdempotencyKey key;
};

struct SubmitRequest {
  HostId host{};
  std::vector<NewTask> tasks;  // all or none; with keys: all or none of each part
  int room = 0;                // first steps that this host can take at once; the rest are queued
  std::shared_ptr<const std::vector<PluginId>> plugins;  // loaded here: first steps of others are queued
  std::vector<KeyedPart> parts = {};  // empty: no keys; else every task belongs to one, in their order
};

struct CreatedTasks {
  std::vector<TaskId> tasks;  // in the order of the request
  bool replayed = false;      // an earlier request with this key created them
};

struct SubmitAnswer {
  std::vector<TaskId> tasks;          // in the order of the request; ids of parts that were not created mean nothing
  std::vector<ClaimedStep> claimed;
  bool queued = false;                // some first steps went to the ready queue
  std::vector<Result<CreatedTasks>> parts = {};  // of each part; Code::idempotency_key_reused is that part's alone
};

struct FinishedAttempt {
  Fence fence;
  model::OutcomeKind kind = model::OutcomeKind::ok;
  std::string payload;       // JSON: the result, or details of the error; may be empty
  std::string code;          // errors: stable, for machines
  std::string message;       // errors: for people
  Millis delay{0};           // retry, wait: until the next attempt, from now
  Micros ran{0};             // handler entered -> left
  std::chrono::steady_clock::time_point ended;  // when the handler was left: travels as a duration
  int children = 0;          // steps that this outcome may make due: how much room it asks for
  std::string events;        // JSON array of {"name", "payload"}; empty: none
  std::string checkpoint;    // JSON that the next attempt receives; empty: none
};

struct CompleteRequest {
  HostId host{};
  std::vector<FinishedAttempt> attempts;  // of lanes that one writer serves, sorted by fence
  int room = 0;                           // children that this host can take
  std::shared_ptr<const std::vector<PluginId>> plugins;  // loaded here: children of others are queued
};
struct EndedTask {
  TaskId task{};
  bool complete = false;  // else it ended in error
};
struct CompleteAnswer {
  std::vector<ClaimedStep> claimed;  // repeated in full when the same fences are sent again
  std::vector<Fence> stale;          // the claim was lost: nothing was written for these
  std::vector<EndedTask> ended;
  bool queued = false;               // some children went to the ready queue
  Millis next_due{-1};               // the earliest retry written by this call, from now; -1: none
};

struct ClaimRequest {
  HostId host{};
  Lane lane = 0;
  int room = 0;
  std::shared_ptr<const std::vector<PluginId>> plugins;
};

// Which lanes hold due work for these plugins, and how long until the next delayed step falls due.
struct PeekAnswer {
  std::vector<Lane> lanes;
  Millis next_due{-1};  // -1: nothing is delayed
};

// A task's inputs, for the working set: asked for on a miss only.
struct StepInputs {
  StepKey step;
  TemplateId template_id{};
  std::int32_t revision = 0;
  std::string context;
  std::string correlation_id;
  std::vector<std::pair<Ord, std::string>> parent_results;
  std::string checkpoint;
  std::string traceparent = {};
};

// ---------------------------------------------------------------- store: hosts

struct HostInfo {
  std::string name;     // for people
  std::string version;  // of the program
  std::string process;  // "<boot id>/<pid namespace>/<pid>/<start ticks>": proves that a process is gone
};
struct Heartbeat {
  HostId host{};
  std::int64_t counter = 0;
  std::string process;
};

// What a host wrote down while a plugin took it down: which attempt was being run by the thread that crashed.
struct CrashRecord {
  std::string process;  // of HostInfo
  Fence fence;
  std::string signal;   // "SIGSEGV"
  std::string plugin;   // namespace/name version
  std::string step;
};

// The records that lie where this host looks. They are noted in the database before a dead host's steps are taken over, so
// that the step that did it is counted and its neighbours are not.
class CrashRecords {
 public:
  virtual ~CrashRecords() = default;
  virtual std::vector<CrashRecord> read() = 0;               // [db]
  virtual void forget(const CrashRecord& record) = 0;         // [db] it is noted, or can never be
  virtual void forget_if_old(const CrashRecord& record) = 0;  // [db] this database knows no such host
};

// The database's verbs. Every write names its host and is refused with Code::host_dead once the host was declared dead. Two
// writes in SQL name none: note_crash, which a host also calls before it has an id and which counts a crash once whoever tells
// it, and mend_task_ids, which only leaves ids unused.
class Store {
 public:
  virtual ~Store() = default;
  virtual int lanes() const = 0;    // fixed when the database was made
  virtual int writers() const = 0;  // writer connections; lane % writers() serves a lane
  virtual std::string installation() const = 0;  // makes idempotency keys unique between installations
  virtual void register_host(HostInfo info, Reply<HostId> reply) = 0;
  // Repeats itself with the same ids when the answer was lost, within its deadline.
  virtual void submit(SubmitRequest request, Reply<SubmitAnswer> reply) = 0;
  // The request stays with the caller, who repeats it, unchanged, when the answer was lost.
  virtual void complete(std::shared_ptr<const CompleteRequest> request, Reply<CompleteAnswer> reply) = 0;
  virtual void claim(ClaimRequest request, Reply<std::vector<ClaimedStep>> reply) = 0;
  virtual void peek(std::shared_ptr<const std::vector<PluginId>> plugins, Reply<PeekAnswer> reply) = 0;
  virtual void load(std::vector<StepKey> steps, Reply<std::vector<StepInputs>> reply) = 0;
  // Gives claims back unspent: to `ready`, the attempt not counted.
  virtual void hand_back(HostId host, std::vector<Fence> fences, Reply<int> reply) = 0;
  // Steps in progress under this host, to compare with what it really holds.
  virtual void held(HostId host, Reply<std::vector<ClaimedStep>> reply) = 0;
  // Raises this host's counter; answers the counters of all other hosts that count as alive.
  virtual void heartbeat(HostId host, Reply<std::vector<Heartbeat>> reply) = 0;
  // Marks `dead` as dead and returns its steps in bounded batches; answers how many steps came back. Safe to repeat.
  virtual void reclaim(HostId host, std::vector<HostId> dead, Reply<int> reply) = 0;
  // A stopped host leaves: its row is closed once it holds nothing.
  virtual void leave(HostId host, Reply<int> reply) = 0;
};

// ---------------------------------------------------------------- store: what people read

struct TaskFilter {
  std::string namespace_name, name, version, status;  // empty: any. status: the seed's word or ours
  int limit = 20;
  std::optional<TaskId> after;  // only older tasks than this one (ids fall down the list)
  std::string correlation_id = {}, tag = {}, initiator = {}, source_system = {};  // empty: any
  std::string created_after = {}, created_before = {};                            // RFC 3339; empty: any time
};

// Which part of a list. Every list says in `next` what comes behind it: null, or an opaque cursor for the next page.
struct Page {
  int limit = 1000;
  std::string after = {};  // where the page before ended, out of its cursor; empty: from the beginning
};

struct HandlerVersion {
  std::string version;
  TemplateId template_id{};
  PluginId plugin_id{};
  bool available = false;      // some living host has loaded it
  std::string context_schema;  // empty: none
  bool is_default = false;     // an operator pinned it: what tasks without a version take
};

// What waits in the queues of all hosts. Counts are exact up to some thousands a lane and stay there beyond.
struct QueueGauges {
  std::int64_t ready = 0;    // due
  std::int64_t delayed = 0;  // due later
  Millis oldest{0};          // how long the longest waiting due step has waited
};

struct PluginName {
  std::string namespace_name, name, version;
};

// What an operator decides about a plugin version, for all hosts. False: it was so before.
class Operators {
 public:
  virtual ~Operators() = default;
  virtual void retire(PluginName plugin, Reply<bool> reply) = 0;
  virtual void resume(PluginName plugin, Reply<bool> reply) = 0;
  // What was refused, banned or quarantined is tried again by every host; `reason` for the journal, may be empty.
  virtual void retry(PluginName plugin, std::string reason, Reply<bool> reply) = 0;
  virtual void pin_default(PluginName plugin, Reply<bool> reply) = 0;  // without a version: takes the pin away
};

// Answers are JSON text built by SQL. "null" stands for what does not exist.
class Reader {
 public:
  virtual ~Reader() = default;
  virtual void list_tasks(TaskFilter filter, Reply<std::string> reply) = 0;
  virtual void show_task(TaskId task, Reply<std::string> reply) = 0;
  virtual void list_namespaces(Page page, Reply<std::string> reply) = 0;
  virtual void list_handlers(std::string namespace_name, Page page, Reply<std::string> reply) = 0;
  virtual void show_handler(std::string namespace_name, std::string name, std::string version,
                            Reply<std::string> reply) = 0;  // version empty: the default
  virtual void list_plugins(Page page, Reply<std::string> reply) = 0;
  virtual void show_plugin(PluginName plugin, Reply<std::string> reply) = 0;
  virtual void show_default(std::string namespace_name, std::string name, Reply<std::string> reply) = 0;
  // Pinned defaults that no living host takes tasks for, as people read them; empty: none.
  virtual void missing_defaults(Reply<std::string> reply) = 0;
  // Those of them that nobody needs to wait for: they have ended, or do not exist.
  virtual void ended_tasks(std::vector<TaskId> tasks, Reply<std::vector<TaskId>> reply) = 0;
  // What the request with this key created; nothing when there was none. Code::idempotency_key_reused for another digest.
  virtual void find_key(IdempotencyKey key, Reply<std::vector<TaskId>> reply) = 0;
  virtual void handler_versions(std::string namespace_name, std::string name,
                                Reply<std::vector<HandlerVersion>> reply) = 0;
  virtual void queue_gauges(Reply<QueueGauges> reply) = 0;
  virtual void ping(Reply<Micros> reply) = 0;  // one round trip to the database
};

// ---------------------------------------------------------------- handlers

// Bits that a running handler may ask for; the values are those of the plugin ABI.
enum StopBit : std::uint32_t { kStopCancelled = 1, kStopDeadline = 2, kStopDraining = 4, kStopLeaseLost = 8 };

struct AttemptInput {
  Fence fence;
  std::int32_t attempt = 1;
  std::int32_t retry_limit = 3;
  std::string task_id;          // decimal text
  std::string idempotency_key;  // the same over retries and takeover
  std::shared_ptr<const std::string> context;
  std::string inputs;           // JSON: {"parent": result, ...}
  std::string correlation_id;
  std::string traceparent;
  std::string checkpoint;
  std::shared_ptr<std::atomic<std::uint32_t>> stop;  // StopBit
  std::shared_ptr<const model::TaskTemplate> definition;
  const model::StepTemplate* step = nullptr;  // inside *definition
};

struct AttemptOutcome {
  model::OutcomeKind kind = model::OutcomeKind::ok;
  std::string payload;
  std::string code;
  std::string message;
  Millis retry_after{-1};  // -1: leave it to the retry policy
  std::string events;
  std::string checkpoint;
};

// One step handler of one loaded plugin version. Holding the pointer keeps the version loaded.
class Handler {
 public:
  virtual ~Handler() = default;
  // True: run() returns at once and `done` comes later, from any thread.
  virtual bool is_async() const = 0;
  // [worker] Calls `done` exactly once, whatever the plugin does. Never throws.
  virtual void run(const AttemptInput& input, std::function<void(AttemptOutcome)> done) = 0;
};

struct LoadedTemplate {
  TemplateId template_id{};
  PluginId plugin_id{};
  std::shared_ptr<const model::TaskTemplate> definition;
  std::vector<std::shared_ptr<Handler>> handlers;  // handlers[ord - 1]
};

// A task definition chosen for a new task.
struct ResolvedTemplate {
  TemplateId template_id{};
  std::string version;
  std::string context_schema;  // empty: none
};

// Finds what runs here; `version` is exact, a semver range, or empty for the newest stable one.
class TemplateResolver {
 public:
  virtual ~TemplateResolver() = default;
  virtual Result<ResolvedTemplate> resolve(const std::string& namespace_name, const std::string& name,
                                           const std::string& version) const = 0;  // [any]
};

// What can run here now. Immutable; a new one is published on every change.
struct CatalogSnapshot {
  std::uint64_t generation = 0;
  std::shared_ptr<const std::vector<PluginId>> plugins;
  std::unordered_map<TemplateId, LoadedTemplate> templates;
};

class HandlerCatalog {
 public:
  virtual ~HandlerCatalog() = default;
  virtual std::uint64_t generation() const = 0;  // [any] cheap: compare before asking for the snapshot
  virtual std::shared_ptr<const CatalogSnapshot> snapshot() const = 0;  // [any]
};

}  // namespace tasker::engine
