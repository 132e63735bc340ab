// Says in words how a runner ended, for the attempts that it took along. Pure; any thread.
#pragma once

#include <string>

namespace tasker::runner {

struct Death {
  int status = 0;               // of waitpid
  bool was_killed_by_us = false;
  bool ran_out_of_memory = false;
  int memory_mib = 0;           // its limit; 0: none
};

// "it had run out of its 512 MiB of memory"; without a limit: "it had run out of memory"
std::string ran_out_of_memory_text(int memory_mib);

// "SIGSEGV (invalid memory access)", "exit with code 0"
std::string how_it_ended(const Death& death);

}  // namespace tasker::runner
