// The service layer (api.h) over the engine and the database: finds the version that is meant, checks contexts against
// the template's JSON schema, fills in the schema's defaults, and submits. Called on [any] thread, holds no request's
// thread: what must wait is answered later.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include "engine/api.h"
#include "engine/engine.h"
#include "engine/ports.h"
#include "engine/task_waits.h"

namespace tasker {
class JsonSchema;
}

namespace tasker::engine {

class TaskService final : public Api {
 public:
  // What this host's plugins folder has to say. [any]
  struct Folder {
    std::function<std::string()> trouble;  // what keeps the plugins from being ready, empty when nothing does
    std::function<std::string()> files;    // JSON objects for files that are no loaded plugin: "{...},{...}"
    std::function<std::string(const PluginName&)> file;  // what is known of its file here, as a JSON object; empty: nothing
    std::function<void()> hear_orders;     // an operator decided something
  };
  // Metrics as text; nothing is known of the queues while the database is away.
  using WriteMetrics = std::function<std::string(const std::optional<QueueGauges>&)>;
  TaskService(Engine& engine, Reader& reader, Operators& operators, TaskWaits& waits, const TemplateResolver& resolver, Folder folder,
              WriteMetrics write_metrics);
  ~TaskService() override;

  using Api::submit;
  void submit(std::vector<TaskRequest> tasks, IdempotencyKey key, Reply<SubmitResult> reply) override;
  void list_tasks(TaskFilter filter, Reply<std::string> reply) override;
  void get_task(TaskId task, Millis wait, Reply<std::string> reply) override;
  void list_namespaces(Page page, Reply<std::string> reply) override;
  void list_handlers(std::string namespace_name, Page page, Reply<std::string> reply) override;
  void get_handler(std::string namespace_name, std::string name, std::string version, Reply<std::string> reply) override;
  void list_plugins(Page page, Reply<std::string> reply) override;
  void show_plugin(PluginName plugin, Reply<std::string> reply) override;
  void retire_plugin(PluginName plugin, Reply<std::string> reply) override;
  void resume_plugin(PluginName plugin, Reply<std::string> reply) override;
  void retry_plugin(PluginName plugin, std::string reason, Reply<std::string> reply) override;
  void show_default(std::string namespace_name, std::string name, Reply<std::string> reply) override;
  void pin_default(PluginName plugin, Reply<std::string> reply) override;
  void metrics(Reply<std::string> reply) override;
  void health(Reply<Health> reply) override;

 private:
  struct Submission;

  Reply<SubmitResult> unless_done_before(IdempotencyKey key, Reply<SubmitResult> reply);
  // Resolves what this host has not loaded from the catalogue, one name after the other, then goes on.
  void resolve_elsewhere(std::shared_ptr<Submission> submission);
  void check_and_create(std::shared_ptr<Submission> submission);
  Reply<bool> then_show(PluginName plugin, Reply<std::string> reply);
  void say_health(Result<Micros> ping, std::chrono::steady_clock::time_point began, const std::string& missing_defaults,
                  const Reply<Health>& reply);
  Result<std::shared_ptr<const JsonSchema>> schema_of(const ResolvedTemplate& found);

  Engine& engine_;
  Reader& reader_;
  Operators& operators_;
  TaskWaits& waits_;
  const TemplateResolver& resolver_;
  const Folder folder_;
  const WriteMetrics write_metrics_;
  std::mutex mutex_;  // guards all below
  std::optional<QueueGauges> gauges_;
  std::chrono::steady_clock::time_point gauges_asked_{};
  std::unordered_map<TemplateId, std::shared_ptr<const JsonSchema>> schemas_;  // templates never change
};

}  // namespace tasker::engine
