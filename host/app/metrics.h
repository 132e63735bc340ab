// What /tasker/metrics says: the counters of engine, store and HTTP server, the plugins' states and the queues, as
// Prometheus text. Reads atomics and short lists; asks nobody and waits for nobody. [any]
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "engine/ports.h"
#include "plugin/plugin_record.h"

namespace tasker {
namespace engine {
class Engine;
}
namespace http {
struct HttpStats;
}
namespace store {
class PgStore;
}
}  // namespace tasker

namespace tasker::app {

struct MetricsSources {
  const engine::Engine& engine;
  const store::PgStore& store;
  std::vector<plugin::PluginRecord> plugins;
  plugin::TransitionCounts transitions;
  const http::HttpStats* http = nullptr;  // none: nobody listens
  std::optional<engine::QueueGauges> queues;  // none: the database is away
};

std::string metrics_text(const MetricsSources& sources);

}  // namespace tasker::app
