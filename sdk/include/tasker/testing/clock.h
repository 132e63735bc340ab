// The clock of a test: it stands still until the test moves it. It begins at the machine's time, because a handler
// compares the deadline that it is told with the machine's clock; no test waits for it. [any]
#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>

namespace tasker {
namespace kit {

using Millis = std::chrono::milliseconds;

class Clock {
 public:
  // Since 1970, as in tasker_call.deadline_unix_ms.
  Millis now() const { return Millis(now_.load()); }
  void advance(Millis by) { now_ += by.count(); }
  void set(Millis to) { now_ = to.count(); }

 private:
  std::atomic<std::int64_t> now_{
      std::chrono::duration_cast<Millis>(std::chrono::system_clock::now().time_since_epoch()).count()};
};

}  // namespace kit
}  // namespace tasker
