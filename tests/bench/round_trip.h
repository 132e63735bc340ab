// What a handler call costs where the plugin runs in a process of its own: there and back over the runner's channel, without
// engine and database.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "arguments.h"

namespace tasker::bench {

nlohmann::ordered_json measure_round_trip(const Arguments& arguments);

}  // namespace tasker::bench
