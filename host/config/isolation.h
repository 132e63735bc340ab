// Where a plugin's code runs, and within which bounds when it has processes of its own: the defaults of `plugins.isolation` and
// `runner`, what a namespace says otherwise, and what a plugin says otherwise. Values; any thread.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace tasker::yaml {
struct Node;
}

namespace tasker::config {

// The bounds of one runner.
struct RunnerSettings {
  int memory_mib = 0;              // of address space; 0: no limit
  int files = 256;                 // open descriptors
  int silence_seconds = 10;        // without a sign of life for so long, it is killed
  int attempt_seconds = 0;         // an attempt that runs longer costs its runner; 0: no limit
  int crashes = 10;                // so many of them within crash_minutes quarantine the plugin
  int crash_minutes = 5;
  int max_attempts_per_process = 0;  // after so many a fresh process takes over; 0: no limit
  std::string seccomp = "default";   // none, default, strict
  std::string environment = "PATH LANG LC_ALL TZ TMPDIR";  // names of the variables that runners get
  bool operator==(const RunnerSettings&) const = default;
};

// What a namespace ("payments") or a plugin ("payments/refund") says otherwise.
struct IsolationOverride {
  std::string isolation;               // empty: as above it
  std::map<std::string, int> numbers;  // by key of `runner`
  std::string seccomp;                 // empty: as above it
  bool operator==(const IsolationOverride&) const = default;
};
using IsolationOverrides = std::map<std::string, IsolationOverride>;

inline constexpr std::string_view kInProcess = "in_process", kProcess = "process";

// The number of that name, and what it may be; nullptr when there is none.
struct RunnerNumber {
  std::string_view name;
  int RunnerSettings::*member;
  int least, most;
  int least_limit = 0;  // unless it is 0, which is no limit
  bool allows(int value) const { return value >= least && value <= most && (value == 0 || value >= least_limit); }
  std::string allowed() const;  // "an integer from 2 to 3600"
};
// A runner itself takes so much address space: its libraries, and the stacks of its first threads.
inline constexpr int kLeastRunnerMemoryMib = 64;
const RunnerNumber* runner_number(std::string_view name);

bool is_isolation(std::string_view text);
bool is_seccomp(std::string_view text);

// What is wrong; empty when nothing is.
std::string read_overrides(const yaml::Node& node, IsolationOverrides& into);
std::string overrides_json(const IsolationOverrides& overrides);

// Nothing: the plugin runs in the host's own process.
std::optional<RunnerSettings> runner_for(std::string_view isolation, const RunnerSettings& defaults,
                                         const IsolationOverrides& overrides, std::string_view namespace_name,
                                         std::string_view name);

}  // namespace tasker::config
