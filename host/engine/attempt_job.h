// One attempt on its way through the handler threads: made on the engine's strand, run on a worker, finished into the
// engine's inbox. Nobody but its current holder touches it, except for the stop bits inside `input`.
#pragma once

#include <functional>
#include <memory>
#include <vector>

#include "engine/executor.h"
#include "engine/ports.h"

namespace tasker::engine {

struct AttemptJob {
  std::shared_ptr<Handler> handler;  // keeps the plugin version loaded
  AttemptInput input;
  SteadyTime claimed;
};

// [any] Takes the outcome of one job, exactly once.
using FinishJob = std::function<void(const AttemptJob& job, AttemptOutcome outcome, SteadyTime entered, SteadyTime left)>;

// Runs jobs somewhere: threads in production, inline in tests.
class JobRunner {
 public:
  virtual ~JobRunner() = default;
  virtual void run(std::vector<std::shared_ptr<AttemptJob>> jobs) = 0;  // [engine]
  // Takes back jobs that no thread has entered yet and that were claimed before `before`.
  virtual std::vector<std::shared_ptr<AttemptJob>> take_back(SteadyTime before) = 0;  // [engine]
  // Takes back those that would be entered last: all but the first `keep` that wait.
  virtual std::vector<std::shared_ptr<AttemptJob>> take_back_beyond(std::size_t keep) = 0;  // [engine]
  // While false no thread enters another job; those queued wait.
  virtual void allow(bool entering) = 0;  // [any]
  // The host is done: no thread enters another job, and one that is still inside a handler is left behind.
  virtual void close() = 0;  // [engine]
};

}  // namespace tasker::engine
