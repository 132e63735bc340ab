// What the parts of the engine share. Everything here is constant after construction or belongs to the strand.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "engine/claimable.h"
#include "engine/executor.h"
#include "engine/outage.h"
#include "engine/ports.h"
#include "engine/room.h"
#include "engine/stats.h"
#include "engine/working_set.h"

namespace tasker::engine {

struct EngineOptions {
  int workers = 16;
  int async_workers = 2;
  int max_in_flight = 4096;         // steps claimed here and not yet recorded
  int max_batch = 500;              // outcomes in one commit
  int max_queued_tasks = 50'000;    // submissions waiting for the database; above it they are refused
  Millis poll{400};                 // how often an idle host looks into the queues
  Millis start_within{2'000};       // a claim that no thread has entered by then goes back
  Millis reconcile{300'000};        // how often the steps held by the database and by the host are compared unasked
  std::size_t working_set_bytes = std::size_t{64} << 20;
};

struct Core {
  Core(Executor& executor_, Store& store_, HandlerCatalog& catalog_, EngineOptions options_)
      : executor(executor_),
        store(store_),
        catalog(catalog_),
        options(options_),
        room(options_.workers, options_.max_in_flight),
        working_set(options_.working_set_bytes) {}

  Executor& executor;
  Store& store;
  HandlerCatalog& catalog;
  const EngineOptions options;
  Stats stats;

  HostId host{};
  bool registered = false;  // between two lives nothing is sent in the host's name
  Room room;
  WorkingSet working_set;
  std::shared_ptr<const CatalogSnapshot> snapshot;
  // Replaced when the host registers anew: what was under way for the life before is then dropped on arrival.
  std::shared_ptr<int> life = std::make_shared<int>(0);
  std::function<void(const Error&)> on_error;  // a store call failed: host_dead ends this life
  std::function<void(const std::string&)> on_recovery;  // calls succeed again: a line for the log
  Outage outage;
  Claimable claimable;
  // Claims from the queues fail, or cannot be started for want of their inputs: none is made before this.
  SteadyTime claims_from{};

  void refresh_snapshot() {
    if (!snapshot || snapshot->generation != catalog.generation()) snapshot = catalog.snapshot();
  }

  // For which this host asks for work.
  std::shared_ptr<const std::vector<PluginId>> plugins() {
    refresh_snapshot();
    return claimable.among(*snapshot, executor);
  }

  void answered() {
    if (!outage.lasts()) return;
    if (const std::string line = outage.answered(executor.now()); !line.empty() && on_recovery) on_recovery(line);
  }

  // Brings a store's answer from its thread to the strand, and drops it when it comes for an earlier life.
  template <class T, class Handle>
  Reply<T> on_strand(Handle handle) {
    return [this, &executor = executor, weak = std::weak_ptr<int>(life), handle = std::move(handle)](Result<T> answer) mutable {
      executor.post([this, weak = std::move(weak), handle = std::move(handle), answer = std::move(answer)]() mutable {
        if (weak.expired()) return;
        if (answer.has_value()) answered();
        handle(std::move(answer));
      });
    };
  }
};

}  // namespace tasker::engine
