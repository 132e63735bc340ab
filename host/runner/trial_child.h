// What the forked process of a trial does: it gives up what it does not need, opens the library as the host would, builds the
// table of its handlers, and says what it found. It has one thread, until the library's constructors start more.
#pragma once

#include <sys/types.h>

#include "runner/probe_messages.h"

namespace tasker::runner {

// The verdict goes to a pipe (trial.cpp says how), what the library prints to another.
[[noreturn]] void run_trial(const Probe& probe, int verdict, int output, pid_t parent);

}  // namespace tasker::runner
