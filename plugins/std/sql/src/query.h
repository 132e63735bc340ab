// What a step's handler_config says is to be run. The statement is never filled in from the task: values go to the server
// beside it, as parameters.
#pragma once

#include <tasker/sdk.h>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

namespace std_sql {

class Source;
class Sources;

struct Query {
  Source* source = nullptr;
  std::string statement;
  std::vector<std::optional<std::string>> params;  // nullopt is NULL
  std::chrono::milliseconds timeout{30'000};
  std::size_t max_rows = 1000;
  std::size_t max_bytes = 1 << 20;
};

// Throws PermanentError.
Query query_from(tasker::Call& call, Sources& sources);

}  // namespace std_sql
