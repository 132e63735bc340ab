// One plugin version as the loader holds it, wherever its code runs: in this process (loaded_plugin.h) or in a child of
// its own (runner/isolated_plugin.h). Made, drained and finished by the loader; its handlers run on worker threads.
#pragma once

#include <chrono>
#include <memory>
#include <vector>

namespace tasker::engine {
class Handler;
}

namespace tasker::plugin {

class HeldPlugin {
 public:
  virtual ~HeldPlugin() = default;

  // [loader] One handler a step, handlers[ord - 1]; each keeps the plugin loaded.
  virtual std::vector<std::shared_ptr<engine::Handler>> handlers() = 0;

  // [loader] No attempt may start any more; the plugin is told, and asked to end once the last attempt has left. False:
  // attempts were still inside at the deadline, so fini() was not called.
  virtual bool retire(std::chrono::steady_clock::time_point deadline) = 0;
};

}  // namespace tasker::plugin
