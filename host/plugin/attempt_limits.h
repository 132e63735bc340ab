// How much an attempt inside a plugin may hand to the host. Apart from the code that enforces it, so that the
// configuration can name it without seeing the plugin contract.
#pragma once

#include <cstddef>

namespace tasker::plugin {

struct AttemptLimits {
  std::size_t max_result_bytes = 256 * 1024;
  std::size_t max_checkpoint_bytes = 64 * 1024;
  std::size_t max_event_bytes = 256 * 1024;  // of all events of one attempt
  std::size_t max_events = 1000;
  std::size_t max_log_bytes = 16 * 1024;  // of one line's message, and of its fields
};

}  // namespace tasker::plugin
