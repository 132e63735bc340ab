// What one check came to. Values; any thread.
#pragma once

#include <chrono>
#include <string>

namespace tasker::checker {

enum class Verdict {
  passed,
  noted,    // allowed, and worth knowing
  skipped,  // could not be tried: the message says why
  failed    // the plugin breaks the contract
};

struct Finding {
  std::string check{};    // "two_lives": for scripts, never renamed
  Verdict verdict = Verdict::passed;
  std::string code{};     // of a failed one: a stable error code
  std::string message{};  // one sentence for people
  std::string output{};   // what the plugin and the host's log wrote meanwhile
  std::chrono::milliseconds took{0};
};

}  // namespace tasker::checker
