// One command, as a step's handler_config, filled in from the task, says it; checked against the policy.
#pragma once

#include <tasker/sdk.h>

#include <chrono>
#include <cstddef>
#include <set>
#include <string>
#include <vector>

#include "policy.h"

namespace std_shell {

using std::chrono::milliseconds;

struct Command {
  std::vector<std::string> arguments;    // the program first
  std::vector<std::string> environment;  // NAME=value
  std::string folder = "/";
  std::string input;
  milliseconds timeout{60'000};
  std::size_t max_bytes = 256 << 10;  // of stdout, and of stderr
  bool parse_json = false;
  std::set<int> success = {0};
  std::set<int> final;  // exit statuses that are not worth another attempt
};

// Throws PermanentError.
Command command_from(tasker::Call& call, const Policy& policy);

}  // namespace std_shell
