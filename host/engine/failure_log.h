// A line in the log for each attempt that failed: at `info` when it is tried again, at `warn` when its step has failed for
// good. Bounded, so that a workload that fails does not bury the log: of each kind so many lines in ten seconds, then one
// that says how many there would have been. Nothing is lost by it: every attempt is in its task's history.
// Knows what the handler answered, not what the database makes of it. On the engine's strand.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>

#include "base/log.h"
#include "engine/executor.h"
#include "engine/ports.h"

namespace tasker::engine {

class FailureLog {
 public:
  static constexpr int kLines = 20;
  static constexpr std::chrono::seconds kSpan{10};

  explicit FailureLog(Executor& executor) : executor_(executor) {}
  ~FailureLog();

  struct Step {
    const model::TaskTemplate& definition;
    const model::StepTemplate& step;
    int attempt;
    int retry_limit;
    std::string_view correlation_id;
  };
  // Nothing is told of outcomes that are no failures.
  void tell(const FinishedAttempt& attempt, const Step& of);

 private:
  struct Span {
    SteadyTime begin{};
    int lines = 0;
    std::uint64_t untold = 0;
  };

  bool admits(LogLevel level, Span& span);
  void tell_untold(LogLevel level, Span& span);

  Executor& executor_;
  std::array<Span, 2> spans_;  // of those that are tried again, of those that are not
  const std::shared_ptr<int> existence_ = std::make_shared<int>(0);
};

}  // namespace tasker::engine
