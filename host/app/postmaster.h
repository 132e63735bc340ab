// What can be learned about the PostgreSQL server of a data folder from outside: its pid file and the processes that
// work in the folder. Used to wait for a start, and to end a server that outlived its host.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <filesystem>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"

namespace tasker::app {

struct PostmasterFile {
  pid_t pid = 0;
  bool ready = false;  // accepts connections
};

// <pgdata>/postmaster.pid; empty when there is none or it is not complete.
std::optional<PostmasterFile> read_postmaster_file(const std::filesystem::path& pgdata);

// Processes whose working folder is `pgdata`: the server and its children enter it and stay. A recycled pid in the
// pid file is thereby never taken for a server.
std::vector<pid_t> processes_in(const std::filesystem::path& pgdata);

// Ends whatever serves `pgdata`: fast shutdown, immediate shutdown, kill, each with a share of the deadline. Removes
// the pid file when nobody is left. Answers whether there was anything to end.
Result<bool> end_server_of(const std::filesystem::path& pgdata, std::chrono::milliseconds deadline);

}  // namespace tasker::app
