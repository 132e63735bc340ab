// Task ids for submit, from blocks of 64 that the database hands out: dense, ascending, growing with time. A block that
// lay unused for a minute is dropped, so that an idle host never inserts into an old partition. [any] thread.
#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <mutex>
#include <vector>

#include "base/clock.h"
#include "base/ids.h"
#include "base/result.h"

namespace tasker::store {

class IdBlocks {
 public:
  // Asks the database for `count` blocks; answers their numbers. Called without the lock held.
  using TakeBlocks = std::function<Result<std::vector<std::int64_t>>(int count)>;

  static constexpr std::int64_t kBlockSize = 64;
  static constexpr std::chrono::seconds kDropAfter{60};

  explicit IdBlocks(const Clock& clock) : clock_(clock) {}

  // `count` ids in ascending order; at most one call of `take_blocks`.
  Result<std::vector<TaskId>> take(std::size_t count, const TakeBlocks& take_blocks);
  // Ids that were certainly not used, the latest taken first: they go back to the front.
  void give_back(const std::vector<TaskId>& ids);

  // Whatever is left was given by a sequence that cannot be trusted.
  void drop_all();

  std::size_t available() const;

 private:
  struct Range {
    std::int64_t next;
    std::int64_t end;
  };
  void drop_old();

  const Clock& clock_;
  mutable std::mutex mutex_;
  std::deque<Range> ranges_;                         // ascending; guarded by mutex_
  std::chrono::steady_clock::time_point last_use_{};  // guarded by mutex_
};

}  // namespace tasker::store
