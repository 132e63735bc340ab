// Starts a runner: the program's own executable with the verb `runner`, by posix_spawn, in a session and a folder of its
// own, with an environment from an allow-list and no descriptor but those it needs: /dev/null as 0, the output pipe as 1
// and 2, the channel as 3, the board as 4. Blocks for about a millisecond.
#pragma once

#include <sys/types.h>

#include <filesystem>
#include <string>
#include <vector>

#include "base/result.h"

namespace tasker::runner {

inline constexpr int kChannelDescriptor = 3;
inline constexpr int kBoardDescriptor = 4;

struct SpawnRequest {
  std::string program;
  std::string label;  // shown by ps: "payments/refund 1.2.0"
  std::filesystem::path folder;
  std::vector<std::string> environment;  // names of the variables that are handed on
  bool has_whole_environment = false;    // or all of them
  int board = -1;                        // -1: it needs none
};

struct Spawned {
  pid_t process = 0;
  int channel = -1;  // both are the caller's, and do not block
  int output = -1;
};

// From a thread that lives as long as the host: when it ends, the kernel kills the runner.
Result<Spawned> spawn_runner(const SpawnRequest& request);

}  // namespace tasker::runner
