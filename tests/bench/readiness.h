// What step_readiness costs, the question that people and tools ask of a task.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "arguments.h"

namespace tasker::bench {

// For a task of 10 and one of 1,000 steps, first alone in the database and then beside three million finished steps.
nlohmann::ordered_json measure_readiness(const Arguments& arguments);

}  // namespace tasker::bench
