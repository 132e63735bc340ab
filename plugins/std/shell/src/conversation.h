// Feeds a child its input and takes its output in until it has ended, within the command's limits. One thread.
#pragma once

#include <tasker/sdk.h>

#include <string>

#include "child.h"
#include "command.h"

namespace std_shell {

struct Ended {
  int status = 0;  // as waitpid says it
  std::string output, errors;
};

// Throws RetryableError shell.timeout, PermanentError shell.too_much_output, or Cancelled; the child and what it started
// have been ended then.
Ended converse(Child& child, const Command& command, const tasker::Call& call);

}  // namespace std_shell
