// The in-memory store with a clock and templates: what the store contract and the property tests ask a world
// for. One thread.
#pragma once

#include <string>

#include "support/awaited.h"
#include "support/memory_store.h"
#include "support/template_text.h"

namespace tasker::test {

class MemoryWorld {
 public:
  engine::Store& store() { return store_; }
  MemoryStore& memory() { return store_; }
  Published publish(std::shared_ptr<const model::TaskTemplate> definition) {
    const Published made{static_cast<TemplateId>(++templates_), static_cast<PluginId>(templates_)};
    store_.add_template(made.template_id, made.plugin_id, std::move(definition));
    return made;
  }
  Published publish(const std::string& name, const std::string& graph) {
    return publish(template_of(name, graph));
  }
  HostId another_host() {
    return *await<HostId>([&](auto reply) { store_.register_host({"test", "0.1.0", "process"}, reply); });
  }
  void cancel(TaskId task) { store_.cancel(task); }
  void pause(TaskId task) { store_.set_paused(task, true); }
  void resume(TaskId task) { store_.set_paused(task, false); }
  std::string task_state(TaskId task) { return std::string(model::state_text(store_.task(task)->state)); }
  std::string step_state(StepKey key) {
    return std::string(
        model::state_text(store_.task(key.task)->steps.at(static_cast<std::size_t>(key.ord - 1)).state));
  }
  void pass(engine::Millis span) { now_ += span; }

 private:
  MemoryStore::Time now_ = MemoryStore::Time{} + std::chrono::hours(1);
  MemoryStore store_{[this] { return now_; }};
  int templates_ = 0;
};

}  // namespace tasker::test
