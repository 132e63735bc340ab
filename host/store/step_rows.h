// Rows and arrays that several verbs share: claimed steps, plugin lists, fences. [db].
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/ports.h"
#include "store/rows.h"

namespace tasker::store {

// Columns from `first` on: task_id, ord, claim_no, attempt, retry_limit, revision, template_id, plugin_id.
engine::ClaimedStep claimed_step(const Rows& rows, int row, int first);
std::vector<engine::ClaimedStep> claimed_steps(const Rows& rows);

std::string plugin_array(const std::shared_ptr<const std::vector<PluginId>>& plugins);

// Three arrays of equal length.
struct FenceArrays {
  std::string tasks, ords, claims;
};
FenceArrays fence_arrays(const std::vector<Fence>& fences);

}  // namespace tasker::store
