// Runs one check in a child process of its own (runner/trial.h), in an empty folder, within time limits, and says how it ended.
// For a process that has one thread. Blocks.
#pragma once

#include <chrono>
#include <filesystem>
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
// In the child; `folder` is its own, empty, and its working directory.
using Body = std::function<Answer(const std::filesystem::path& folder)>;

// Asked every few milliseconds while a check runs; true ends it.
using Interrupted = std::function<bool()>;

// `limit`: from one change of `where` to the next. Code::command_interrupted, and nothing else, is an error.
Result<Finding> run_apart(const std::string& check, std::chrono::milliseconds limit, const Whereabouts& where,
                          const Interrupted& interrupted, const Body& body);

}  // namespace tasker::checker
