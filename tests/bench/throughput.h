// How many steps a second the host carries, and how long one task takes on an idle system.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "arguments.h"
#include "workload.h"

namespace tasker::bench {

class Session;

// One run on fresh tables: the JSON object that is printed.
nlohmann::ordered_json measure_throughput(const Arguments& arguments, const Workload& workload);

std::unique_ptr<Load> open_load(const Arguments& arguments, Session& session, const Workload& workload);

// Tasks a second, submission included; at most `window` steps are unfinished at a time. Runs for `arguments.minutes`
// when that is set, else for `tasks`.
double run_tasks(const Arguments& arguments, Session& session, const Workload& workload, int tasks);

double rounded(double value, double step);

}  // namespace tasker::bench
