// What is said of a database that does not answer as it should: one line when that begins, one in ten seconds while it
// lasts, one when it is over. It is over once a call succeeded and none has failed for longer than the calls that matter
// pause: one connection may be back before another. Not a health check: it knows only the calls that were made.
// On the engine's strand.
#pragma once

#include <cstdint>
#include <string>

#include "base/result.h"
#include "engine/executor.h"

namespace tasker::engine {

class Outage {
 public:
  // A call failed, or succeeded. What is to be logged, empty when nothing is.
  std::string failed(const Error& error, SteadyTime now);
  std::string answered(SteadyTime now);

  bool lasts() const { return lasts_; }

 private:
  bool lasts_ = false;
  SteadyTime since_{};
  SteadyTime last_failure_{};
  SteadyTime last_line_{};
  std::uint64_t failures_ = 0;
};

}  // namespace tasker::engine
