// The handler threads: one pool for handlers that block, a small one for those that answer at once and complete later.
// Jobs are entered in the order they came. A woken thread wakes the next only while work is left, so that a burst of
// quick handlers does not wake all threads for nothing.
#pragma once

#include <memory>
#include <vector>

#include "engine/attempt_job.h"

namespace tasker::engine {

class WorkerPool final : public JobRunner {
 public:
  WorkerPool(int blocking_threads, int async_threads, FinishJob finish);
  // Lets running handlers end; jobs that were not entered are dropped (their claims go back by takeover).
  ~WorkerPool() override;

  void run(std::vector<std::shared_ptr<AttemptJob>> jobs) override;
  std::vector<std::shared_ptr<AttemptJob>> take_back(SteadyTime before) override;
  std::vector<std::shared_ptr<AttemptJob>> take_back_beyond(std::size_t keep) override;
  void allow(bool entering) override;

  void close() override;

 private:
  class Pool;
  std::shared_ptr<Pool> blocking_;
  std::shared_ptr<Pool> async_;
};

}  // namespace tasker::engine
