// What a plugin's runner may use, and when it is given up: from the configuration, apart from the code that enforces it.
// A value; any thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace tasker::runner {

// Which system calls the kernel refuses to a runner; sandbox.cpp has the lists.
enum class SeccompProfile : std::uint8_t {
  none,
  standard,  // "default": nothing that concerns other processes or the system, no new programs or processes
  strict     // nor any socket
};
std::optional<SeccompProfile> seccomp_profile_from(std::string_view text);

struct RunnerLimits {
  int memory_mib = 0;  // of address space; 0: no limit
  int files = 256;     // open descriptors
  std::chrono::seconds silence{10};  // without a sign of life for so long, it is killed
  std::chrono::seconds attempt{0};   // an attempt that runs longer costs its runner; 0: no limit
  int crashes = 10;                  // so many of them within `crash_window` quarantine the plugin
  std::chrono::minutes crash_window{5};
  int attempts_per_process = 0;  // after so many attempts a fresh process takes over; 0: no limit
  SeccompProfile seccomp = SeccompProfile::standard;
};

}  // namespace tasker::runner
