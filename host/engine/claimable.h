// For which plugins this host asks for work: those it has loaded, save those that lacked the template of a step it was
// given. Such steps go back, and unless the host stopped asking it would get them again at once, for ever. A plugin is
// left out for a while that doubles each time, so that its other templates still get their turns, and until the loaded
// plugins change. On the engine's strand.
#pragma once

#include <memory>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/backoff.h"
#include "engine/executor.h"
#include "engine/ports.h"

namespace tasker::engine {

class Claimable {
 public:
  using Plugins = std::shared_ptr<const std::vector<PluginId>>;

  // True the first time for this template of this plugin since the loaded plugins changed.
  bool leave_out(PluginId plugin, TemplateId template_id, SteadyTime now);
  Plugins among(const CatalogSnapshot& snapshot, const Executor& clock);

 private:
  struct LeftOut {
    SteadyTime until;
    Backoff pause{Millis(1'000), Millis(60'000)};
  };

  std::uint64_t generation_ = 0;
  std::unordered_map<PluginId, LeftOut> left_out_;
  std::set<std::pair<PluginId, TemplateId>> told_;
};

}  // namespace tasker::engine
