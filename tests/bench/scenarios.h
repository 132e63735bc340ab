// Measurements that are not one workload's rate: what happens on fresh tables, at half load, beside work that nobody
// can take, on an idle host. Each makes a session of its own and answers the JSON object that is printed.
#pragma once

#include <functional>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "arguments.h"

namespace tasker::bench {

struct Scenario {
  std::string name;
  std::string what;  // for --help
  std::function<nlohmann::ordered_json(const Arguments&)> measure;
};

const std::vector<Scenario>& scenarios();

}  // namespace tasker::bench
