// What became of a JSON Schema from one version to the next, for whoever sends documents: which documents that were good are not good
// any more. Judged keyword by keyword; what is not understood counts as narrower. One
// exception: a field that the older schema did not name counts as new, though documents may have had it. Pure.
#pragma once

#include <string>
#include <vector>

#include "model/change.h"

namespace tasker::model {

// JSON texts, empty for none. Both were compiled before. The sentences name places as paths: `items[].price`.
std::vector<Change> schema_changes(const std::string& older, const std::string& newer);

}  // namespace tasker::model
