// The service layer's port as routing tests need it: remembers what it was asked, answers what it was told
// to. Not a store and not a simulation of one. Guarded by a mutex: server tests call it from I/O threads.
#pragma once

#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "engine/api.h"

namespace tasker::http {

class RecordingApi final : public engine::Api {
 public:
  using engine::Api::submit;
  void submit(std::vector<engine::TaskRequest> tasks, engine::IdempotencyKey key,
              engine::Reply<engine::SubmitResult> reply) override {
    std::unique_lock lock(mutex_);
    keys.push_back(std::move(key));
    submitted.push_back(std::move(tasks));
    if (refuse_submit) return reply(*refuse_submit);
    engine::SubmitResult result;
    result.problems = problems;
    result.replayed = replayed;
    if (problems.empty()) {
      for (std::size_t i = 0; i < submitted.back().size(); ++i) result.tasks.push_back(TaskId{++last_task});
    }
    lock.unlock();
    reply(std::move(result));
  }
  void list_tasks(engine::TaskFilter filter, engine::Reply<std::string> reply) override {
    filters.push_back(std::move(filter));
    reply(answer);
  }
  void get_task(TaskId task, engine::Millis wait, engine::Reply<std::string> reply) override {
    const std::string waited = wait.count() > 0 ? " within " + std::to_string(wait.count()) + " ms" : "";
    calls.push_back("task " + std::to_string(raw(task)) + waited);
    reply(answer);
  }
  void list_namespaces(engine::Page page, engine::Reply<std::string> reply) override {
    pages.push_back(std::move(page));
    note("namespaces", std::move(reply));
  }
  void list_handlers(std::string name, engine::Page page, engine::Reply<std::string> reply) override {
    pages.push_back(std::move(page));
    note("handlers " + name, std::move(reply));
  }
  void get_handler(std::string space, std::string name, std::string version,
                   engine::Reply<std::string> reply) override {
    note("handler " + space + " " + name + " " + version, std::move(reply));
  }
  engine::Health well{true, "{}"};

  void list_plugins(engine::Page, engine::Reply<std::string> reply) override { note("plugins", std::move(reply)); }
  void show_plugin(engine::PluginName plugin, engine::Reply<std::string> reply) override {
    note("plugin " + text(plugin), std::move(reply));
  }
  void retire_plugin(engine::PluginName plugin, engine::Reply<std::string> reply) override {
    note("retire " + text(plugin), std::move(reply));
  }
  void retry_plugin(engine::PluginName plugin, std::string reason, engine::Reply<std::string> reply) override {
    note("retry " + text(plugin) + (reason.empty() ? "" : " because " + reason), std::move(reply));
  }
  void resume_plugin(engine::PluginName plugin, engine::Reply<std::string> reply) override {
    note("resume " + text(plugin), std::move(reply));
  }
  void show_default(std::string space, std::string name, engine::Reply<std::string> reply) override {
    note("default " + space + " " + name, std::move(reply));
  }
  void pin_default(engine::PluginName plugin, engine::Reply<std::string> reply) override {
    note("pin " + text(plugin), std::move(reply));
  }
  void metrics(engine::Reply<std::string> reply) override { note("metrics", std::move(reply)); }
  void health(engine::Reply<engine::Health> reply) override {
    calls.push_back("health");
    reply(well);
  }

  // Holds the answers of everything but submit and reads of tasks until release() is called.
  void hold() {
    std::lock_guard lock(mutex_);
    holding_ = true;
  }
  std::size_t held() {
    std::lock_guard lock(mutex_);
    return held_.size();
  }
  void release() {
    std::vector<engine::Reply<std::string>> replies;
    {
      std::lock_guard lock(mutex_);
      holding_ = false;
      replies.swap(held_);
    }
    for (auto& reply : replies) reply(answer);
  }

  Result<std::string> answer = std::string(R"({"task":{"task_id":7}})");
  Result<engine::Health> health_answer = engine::Health{true, R"({"ready":true,"checks":{}})"};
  std::vector<engine::Problem> problems;
  std::optional<Error> refuse_submit;
  std::int64_t last_task = 0;
  std::vector<std::vector<engine::TaskRequest>> submitted;
  std::vector<engine::IdempotencyKey> keys;
  bool replayed = false;
  std::vector<engine::TaskFilter> filters;
  std::vector<engine::Page> pages;  // asked for from one thread only
  std::vector<std::string> calls;

 private:
  static std::string text(const engine::PluginName& plugin) { return plugin.namespace_name + " " + plugin.name + " " + plugin.version; }
  void note(std::string call, engine::Reply<std::string> reply) {
    {
      std::lock_guard lock(mutex_);
      calls.push_back(std::move(call));
      if (holding_) {
        held_.push_back(std::move(reply));
        return;
      }
    }
    reply(answer);
  }

  std::mutex mutex_;
  bool holding_ = false;
  std::vector<engine::Reply<std::string>> held_;
};

}  // namespace tasker::http
