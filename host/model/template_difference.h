// What a new version of a template changes for those who use the older one: who submit its tasks, who read its steps' results, whose
// workflows refer to its handlers. Tasks that are open stay on the version that they have and are not concerned. Pure.
#pragma once

#include <vector>

#include "model/change.h"
#include "model/task_template.h"

namespace tasker::model {

std::vector<Change> template_changes(const TaskTemplate& older, const TaskTemplate& newer);

// Whether the version number says that there are breaking changes: a range over the older version, such as ^1.2, does not take the
// newer one.
bool is_next_major(const Semver& older, const Semver& newer);

}  // namespace tasker::model
