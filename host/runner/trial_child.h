// What the forked process of a trial does: it gives up what it does not need, runs the trial's body, and says what that found.
// It has one thread, until the plugin's code starts more.
#pragma once

#include <sys/types.h>

#include <cstdint>
#include <functional>
#include <string>

namespace tasker::runner {

struct Told {
  std::string code{}, message{};  // no code: nothing is wrong
  bool may_pass = false;          // Retry::later
  std::uint8_t mark = 0;          // the body's own, 0 to 9, for whoever started the trial
};
using TrialBody = std::function<Told()>;

// What the body throws is a verdict too: Code::internal. The verdict goes to a pipe (trial.cpp says how), what the plugin prints to another.
[[noreturn]] void run_trial(const TrialBody& body, int verdict, int output, pid_t parent);

}  // namespace tasker::runner
