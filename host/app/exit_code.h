// What the program's exit code says to a script. Documented in the help; never renumbered.
#pragma once

#include "base/result.h"

namespace tasker::app {

enum class ExitCode {
  ok = 0,
  failed = 1,
  usage = 2,
  not_found = 3,
  not_allowed = 4,
  conflict = 5,
  unreachable = 6,
  timed_out = 7,
  task_failed = 10,
  task_cancelled = 11,
  interrupted = 130,
};

ExitCode exit_code_of(const Error& error);

// Prints "tasker: code: sentence" on stderr and answers the exit code that goes with it.
ExitCode report(const Error& error);
// From now on errors are one JSON object a line. Once, before anything can fail.
void report_as_json();
// {"error":{"code":...,"message":...,"exit_code":...}}
std::string json_of(const Error& error, ExitCode exit_code);

}  // namespace tasker::app
