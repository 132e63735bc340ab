#include "engine/claimable.h"

namespace tasker::engine {

bool Claimable::leave_out(PluginId plugin, TemplateId template_id, SteadyTime now) {
  LeftOut& left_out = left_out_[plugin];
  if (now >= left_out.until) left_out.until = now + left_out.pause.next();  // once for all steps of one answer
  return told_.emplace(plugin, template_id).second;
}

Claimable::Plugins Claimable::among(const CatalogSnapshot& snapshot, const Executor& clock) {
  if (snapshot.generation != generation_) {
    generation_ = snapshot.generation;
    left_out_.clear();
    told_.clear();
  }
  if (left_out_.empty()) return snapshot.plugins;
  auto rest = std::make_shared<std::vector<PluginId>>();
  const SteadyTime now = clock.now();
  for (const PluginId plugin : *snapshot.plugins) {
    const auto found = left_out_.find(plugin);
    if (found == left_out_.end() || now >= found->second.until) rest->push_back(plugin);
  }
  return rest;
}

}  // namespace tasker::engine
