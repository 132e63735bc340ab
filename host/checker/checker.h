// `tasker plugin check`: tries one plugin file against the contract, check by check, each in a child process of its own. No host
// and no database. Called from a process that has one thread. Blocks.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "base/result.h"
#include "checker/finding.h"

namespace tasker::checker {

struct Request {
  std::string file;
  std::string config = "{}";   // JSON for init(), as plugins.configuration gives it; {folder} in it is the check's own folder
  std::string context = "{}";  // JSON: for the attempts that are not about bad input
  std::chrono::milliseconds limit{10'000};  // for each thing that a check does
  std::optional<std::uint64_t> seed{};      // also tries made-up input, from this seed on; with all `cases` it is no more than 2^64-1
  std::uint64_t cases = 1000;
  // What a person types to try these made-up inputs again.
  std::function<std::string(std::uint64_t first, std::uint64_t count)> command = [](auto first, auto count) {
    return "--seed " + std::to_string(first) + " --cases " + std::to_string(count);
  };
  std::function<bool()> interrupted = [] { return false; };  // asked all the time; true ends it
};

struct Report {
  std::string plugin{};  // "payments/refund 1.2.0"; empty: it could not even be read
  int passed = 0, noted = 0, skipped = 0, failed = 0;
  std::optional<std::uint64_t> failed_seed{};  // of the first made-up input that broke it
};

// `each` hears of every finding as it comes. An error: nothing could be checked at all.
Result<Report> check_plugin(const Request& request, const std::function<void(const Finding&)>& each);

}  // namespace tasker::checker
