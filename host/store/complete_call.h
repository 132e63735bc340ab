// One batch of outcomes through complete_steps: builds the arrays, reads the answer, and when the database refuses a
// value or a row stays locked, splits the batch until the bad row stands alone. [db], on its writer.
#pragma once

#include <deque>
#include <memory>
#include <vector>

#include "base/clock.h"
#include "engine/ports.h"
#include "store/session.h"

namespace tasker::store {

class CompleteCall {
 public:
  CompleteCall(Session& session, const Clock& clock, Counters& counters,
               std::shared_ptr<const engine::CompleteRequest> request);

  // Repeating it with the same fences is safe, whatever came back.
  Result<engine::CompleteAnswer> run();

 private:
  Result<Rows> send(std::size_t first, std::size_t last);
  Result<void> send_and_read(std::size_t first, std::size_t last);
  Result<void> split(std::size_t first, std::size_t last, const Error& why);
  void drop_bad_values(std::size_t index, const Error& why);
  Params parameters(std::size_t first, std::size_t last) const;
  void read(const Rows& rows);

  Session& session_;
  const Clock& clock_;
  Counters& counters_;
  const std::shared_ptr<const engine::CompleteRequest> request_;
  std::vector<const engine::FinishedAttempt*> attempts_;  // of *request_ by fence, or of replaced_
  std::deque<engine::FinishedAttempt> replaced_;
  engine::CompleteAnswer answer_;
  std::vector<std::size_t> locked_;  // rows that were alone and still locked
  int room_ = 0;
};

}  // namespace tasker::store
