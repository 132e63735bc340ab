// All isolated plugins of one host: the I/O thread that talks to their children, and the way from a plugin file to a plugin
// that the loader can hold. Children die with that thread, so it lives as long as the host's plugins do.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "plugin/held_plugin.h"
#include "runner/runner_limits.h"

namespace tasker::plugin {
struct LoadRequest;
}

namespace tasker::runner {

struct RunnersOptions {
  std::string program = "/proc/self/exe";  // has the verb `runner`
  std::filesystem::path folder;            // the working folders of the children; made when absent
  std::vector<std::string> environment;    // names of the variables that children get
  std::uint32_t workers = 16, async_workers = 2;  // handler threads of each child
  // [loader] Nothing: the plugin runs in the host's own process.
  std::function<std::optional<RunnerLimits>(std::string_view namespace_name, std::string_view name)> limits_for;
};

class Runners {
 public:
  explicit Runners(RunnersOptions options);
  ~Runners();  // stops
  Runners(const Runners&) = delete;
  Runners& operator=(const Runners&) = delete;

  // [loader] Starts a child that loads the plugin; nullptr when it is not to be isolated. Blocks until init() has answered.
  Result<std::shared_ptr<plugin::HeldPlugin>> isolate(const plugin::LoadRequest& request);

  // Kills what is left. Plugins have been retired before. May be called twice.
  void stop();

 private:
  class Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tasker::runner
