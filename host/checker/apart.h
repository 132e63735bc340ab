// Runs one check in a child process of its own (runner/trial.h), in an empty folder, within a time limit, and says how it ended.
// For a process that has one thread. Blocks.
#pragma once

#include <chrono>
#include <functional>
#include <string>

#include "checker/finding.h"
#include "checker/whereabouts.h"

namespace tasker::checker {

// What a check's body answers with, in the child. Whatever keeps it from answering is a failure of the plugin.
struct Answer {
  Verdict verdict = Verdict::passed;
  std::string message{};
  std::string code{};  // of a failure; empty: plugin.check_failed
};
using Body = std::function<Answer()>;

// Asked every few milliseconds while a check runs; true ends it.
using Interrupted = std::function<bool()>;

// In a check's process: the folder that it alone has; elsewhere empty.
const std::string& own_folder();

// Code::command_interrupted, and nothing else, is an error.
Result<Finding> run_apart(const std::string& check, std::chrono::milliseconds limit, const Whereabouts& where,
                          const Interrupted& interrupted, const Body& body);

}  // namespace tasker::checker
