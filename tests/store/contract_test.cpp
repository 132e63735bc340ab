// The store contract on PostgreSQL and on the in-memory store.
#include "support/memory_store.h"
#include "support/pg_world.h"
#include "support/store_contract.h"

namespace tasker::test {
namespace {

class MemoryWorld {
 public:
  engine::Store& store() { return store_; }
  Published publish(const std::string& name, const std::string& graph) {
    const Published made{static_cast<TemplateId>(++templates_), static_cast<PluginId>(templates_)};
    store_.add_template(made.template_id, made.plugin_id, template_of(name, graph));
    return made;
  }
  HostId another_host() {
    return *await<HostId>([&](auto reply) { store_.register_host({"test", "0.1.0", "process"}, reply); });
  }
  void cancel(TaskId task) { store_.cancel(task); }
  void pause(TaskId task) { store_.set_paused(task, true); }
  void resume(TaskId task) { store_.set_paused(task, false); }
  std::string task_state(TaskId task) { return std::string(model::state_text(store_.task(task)->state)); }
  std::string step_state(StepKey key) {
    return std::string(model::state_text(store_.task(key.task)->steps.at(static_cast<std::size_t>(key.ord - 1)).state));
  }
  void pass(engine::Millis span) { now_ += span; }

 private:
  MemoryStore::Time now_ = MemoryStore::Time{} + std::chrono::hours(1);
  MemoryStore store_{[this] { return now_; }};
  int templates_ = 0;
};

INSTANTIATE_TYPED_TEST_SUITE_P(Postgres, StoreContract, PgWorld);
INSTANTIATE_TYPED_TEST_SUITE_P(Memory, StoreContract, MemoryWorld);

}  // namespace
}  // namespace tasker::test
