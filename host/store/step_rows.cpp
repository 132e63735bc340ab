#include "store/step_rows.h"

#include "store/array_literal.h"

namespace tasker::store {

engine::ClaimedStep claimed_step(const Rows& rows, int row, int first) {
  const auto number = [&](int column) { return static_cast<std::int32_t>(rows.integer(row, first + column)); };
  engine::ClaimedStep step;
  step.step = {static_cast<TaskId>(rows.integer(row, first)), number(1)};
  step.claim_no = number(2);
  step.attempt = number(3);
  step.retry_limit = number(4);
  step.revision = number(5);
  step.template_id = static_cast<TemplateId>(number(6));
  step.plugin_id = static_cast<PluginId>(number(7));
  return step;
}

std::vector<engine::ClaimedStep> claimed_steps(const Rows& rows) {
  std::vector<engine::ClaimedStep> steps;
  steps.reserve(static_cast<std::size_t>(rows.size()));
  for (int row = 0; row < rows.size(); ++row) steps.push_back(claimed_step(rows, row, 0));
  return steps;
}

std::string plugin_array(const std::shared_ptr<const std::vector<PluginId>>& plugins) {
  ArrayLiteral literal;
  if (plugins) {
    for (const PluginId id : *plugins) literal.add(raw(id));
  }
  return literal.take();
}

FenceArrays fence_arrays(const std::vector<Fence>& fences) {
  ArrayLiteral tasks, ords, claims;
  for (const Fence& fence : fences) {
    tasks.add(raw(fence.step.task));
    ords.add(fence.step.ord);
    claims.add(fence.claim_no);
  }
  return {tasks.take(), ords.take(), claims.take()};
}

}  // namespace tasker::store
