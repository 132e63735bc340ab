// The engine: joins its parts, gives the host its life in the database and a new one when others declared it dead, and
// ends it in order. Owned by app; every method may be called from [any] thread, the work is done on the strand.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "engine/attempt_job.h"
#include "engine/core.h"
#include "engine/liveness.h"

namespace tasker::engine {

class Engine {
 public:
  struct Wiring {
    Executor& executor;
    Store& store;
    HandlerCatalog& catalog;
    HostInfo host;
    EngineOptions options;
    LivenessOptions liveness;
    // A life began: `host` is the id under which plugins are to be published. [engine]
    std::function<void(HostId host)> on_registered;
    std::function<void(const EndedTask&)> on_ended;  // [engine] optional
    // Where handlers run: a WorkerPool unless a test brings its own.
    std::function<std::unique_ptr<JobRunner>(const EngineOptions&, FinishJob)> make_runner;
  };

  explicit Engine(Wiring wiring);
  ~Engine();

  // Registers the host and begins to claim; `started` is called when that succeeded, or with the error that stopped it.
  void start(Reply<HostId> started);
  // Claims no more, lets attempts end within `grace`, gives the rest back, commits, leaves. Then `stopped`.
  void stop(Millis grace, std::function<void()> stopped);

  // Nothing can be written any more, for good: a stop, under way or to come, waits for nothing.
  void database_is_gone();

  void submit(std::vector<NewTask> tasks, Reply<std::vector<TaskId>> reply);
  void submit(std::vector<NewTask> tasks, IdempotencyKey key, Reply<CreatedTasks> reply);
  void plugins_changed();  // the catalogue has another snapshot: let go of the one before
  void work_was_queued();  // somebody else queued work: look now instead of at the next poll

  const Stats& stats() const;
  Millis heartbeat_age() const;  // since this host last renewed it
  // What keeps this host from being ready to work, empty when nothing does.
  std::string trouble() const;

 private:
  class Impl;
  std::shared_ptr<Impl> impl_;
};

}  // namespace tasker::engine
