// The plugin's state and its one handler: runs a command, takes in what it prints, and says by its exit status how the
// step ended. [worker]
#pragma once

#include <tasker/sdk.h>

#include "policy.h"

namespace std_shell {

class Shell {
 public:
  explicit Shell(const tasker::Json& configuration) : policy_(configuration) {}
  tasker::Json run(tasker::Call& call);

 private:
  const Policy policy_;
};

}  // namespace std_shell
