// One plugin version as the loader holds it, wherever its code runs: in this process (loaded_plugin.h) or in a child of
// its own (runner/isolated_plugin.h). Made, drained and finished by the loader; its handlers run on worker threads.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <vector>

namespace tasker::engine {
class Handler;
}

namespace tasker::plugin {

class HeldPlugin {
 public:
  virtual ~HeldPlugin() = default;

  // [loader] How logs and crash reports name it: a development build gets its version only from the catalogue's answer.
  // Called before its handlers are given out.
  virtual void rename(const std::string& source) = 0;

  // [loader] One handler a step, handlers[ord - 1]; each keeps this object.
  virtual std::vector<std::shared_ptr<engine::Handler>> handlers() = 0;

  // [loader] No attempt may start any more; the plugin is told, and asked to end once the last attempt has left. False:
  // attempts were still inside at the deadline, so fini() was not called.
  virtual bool retire(std::chrono::steady_clock::time_point deadline) = 0;

  // The same in steps, each once, in this order and one at a time, for a version that leaves a host that goes on. Each may block for
  // as long as the plugin likes. On a thread that the loader waits for (apart_call.h).
  virtual void drain() {}  // no attempt may start any more, and the plugin is told; attempts that are inside go on
  virtual void finish() { retire(std::chrono::steady_clock::now() + std::chrono::seconds(1)); }  // no attempt is inside
  virtual bool close() { return true; }  // unloads its code; answers whether it really left this process
  virtual std::int64_t inside() const { return 0; }  // attempts

  // [loader] Somebody says that a plugin that was given up for its crashes is to be tried again.
  virtual void forget_crashes() {}
};

}  // namespace tasker::plugin
