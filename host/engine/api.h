// The one service layer under REST, CLI and whatever comes after: every request a user can make, checked and
// answered in one place (task_service.h). Answers that people read are JSON text built by SQL and passed through
// untouched, so that numbers keep their digits. Replies come on any thread, once.
#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "base/ids.h"
#include "base/result.h"
#include "engine/ports.h"

namespace tasker::engine {

struct TaskRequest {
  std::string namespace_name = "default";
  std::string name;
  std::string version;         // exact, a semver range, or empty: the pinned default, else the newest stable version
  std::string context = "{}";  // JSON object, as text
  std::string initiator = "unknown";
  std::string source_system = "unknown";
  std::string reason = "unknown";
  std::string tags = "[]";  // JSON array of strings
  std::string correlation_id;
  std::string traceparent;  // W3C trace context, checked; empty: none
  std::string start_at;  // RFC 3339
  int priority = 5;
};

// What is wrong with one part of one request. `pointer` is a JSON pointer into the task ("/context/order_id").
struct Problem {
  std::size_t index = 0;  // of the task in a bulk request
  Code code = Code::invalid_argument;
  std::string pointer;
  std::string message;
};

struct SubmitResult {
  std::vector<TaskId> tasks;      // all, in the order of the request, or none
  std::vector<Problem> problems;  // empty when the tasks were created
  bool replayed = false;          // an earlier request with the same key created them
};

struct Health {
  bool ready = false;
  std::string body;  // {"ready": ..., "checks": {...}, ...}
};

// GET answers: JSON text as sent to the client. Lists end with "next": null, or an opaque cursor for the page behind
// them. Not found is Error{Code::not_found ...}.
class Api {
 public:
  virtual ~Api() = default;
  // With a key: of all requests with it one creates the tasks, the others are answered with the same.
  virtual void submit(std::vector<TaskRequest> tasks, IdempotencyKey key, Reply<SubmitResult> reply) = 0;
  void submit(std::vector<TaskRequest> tasks, Reply<SubmitResult> reply) { submit(std::move(tasks), {}, std::move(reply)); }
  virtual void list_tasks(TaskFilter filter, Reply<std::string> reply) = 0;  // {"tasks": [...], "next": ...}
  // {"task": {...}} with steps. Waits for the task's end, but not longer than `wait`.
  virtual void get_task(TaskId task, Millis wait, Reply<std::string> reply) = 0;
  virtual void list_namespaces(Page page, Reply<std::string> reply) = 0;  // GET /handlers
  virtual void list_handlers(std::string namespace_name, Page page, Reply<std::string> reply) = 0;
  virtual void get_handler(std::string namespace_name, std::string name, std::string version,
                           Reply<std::string> reply) = 0;
  virtual void list_plugins(Page page, Reply<std::string> reply) = 0;  // {"plugins": [...]} states, versions, refusals
  // All that is known of one version; what an operator decides about it is answered with the same.
  virtual void show_plugin(PluginName plugin, Reply<std::string> reply) = 0;
  virtual void retire_plugin(PluginName plugin, Reply<std::string> reply) = 0;
  virtual void resume_plugin(PluginName plugin, Reply<std::string> reply) = 0;
  virtual void retry_plugin(PluginName plugin, std::string reason, Reply<std::string> reply) = 0;
  // What tasks without a version take; without a version the pin is taken away.
  virtual void show_default(std::string namespace_name, std::string name, Reply<std::string> reply) = 0;
  virtual void pin_default(PluginName plugin, Reply<std::string> reply) = 0;
  virtual void metrics(Reply<std::string> reply) = 0;       // Prometheus text, also when the database is away
  virtual void health(Reply<Health> reply) = 0;             // readiness checks, also when the database is away
};

}  // namespace tasker::engine
