// One attempt while it runs: the memory behind its tasker_call, and what the handler has said so far. Every text lies in
// a block of exactly its size, without a zero behind it, so that a handler which reads on is caught by AddressSanitizer. The mutex
// guards everything but the call and its texts.
#pragma once

#include <tasker/plugin.h>

#include <condition_variable>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tasker/testing/attempt.h"
#include "tasker/testing/outcome.h"

namespace tasker {
namespace kit {

// Texts lent to a plugin.
class Lent {
 public:
  tasker_str lend(std::string_view text) {
    if (text.empty()) return {nullptr, 0};
    auto& block = blocks_.emplace_back(new char[text.size()], text.size());
    std::memcpy(block.first.get(), text.data(), text.size());
    return {block.first.get(), text.size()};
  }
  // After the attempt has ended: whoever kept a pointer reads nonsense.
  void take_back() {
    for (auto& [text, size] : blocks_) std::memset(text.get(), '#', size);
  }

 private:
  std::vector<std::pair<std::unique_ptr<char[]>, std::size_t>> blocks_;
};

struct LiveAttempt {
  enum class Phase {
    running,     // nobody has brought an outcome
    completing,  // complete() is copying one
    completed    // there is an outcome
  };

  Lent lent;
  tasker_call call{};
  tasker_task task{};

  std::mutex mutex;
  std::condition_variable changed;
  Phase phase = Phase::running;
  bool is_given_up = false;
  std::uint32_t stop_bits = 0;
  StopLater stop_later;
  unsigned questions = 0;
  Millis deadline{0};  // on the test's clock; 0: none
  Millis time_per_question{0};
  Json previous_checkpoint, checkpoint;
  std::optional<std::set<std::string>> events;  // that may be emitted; none: whatever comes
  std::size_t event_bytes = 0;
  Outcome said;  // logs, beats, emitted events, problems; and the outcome once there is one
};

}  // namespace kit
}  // namespace tasker
