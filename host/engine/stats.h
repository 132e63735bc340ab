// What the engine has done since it started: counters that any thread may read (health, bench, later metrics).
#pragma once

#include <atomic>
#include <cstdint>

namespace tasker::engine {

struct Stats {
  std::atomic<std::uint64_t> tasks_submitted{0};
  std::atomic<std::uint64_t> tasks_completed{0};
  std::atomic<std::uint64_t> tasks_failed{0};
  std::atomic<std::uint64_t> steps_completed{0};   // outcomes recorded, of any kind
  std::atomic<std::uint64_t> steps_chained{0};     // claimed by the statement that completed their parent
  std::atomic<std::uint64_t> steps_from_queue{0};  // claimed from the ready queue
  std::atomic<std::uint64_t> stale_outcomes{0};    // the claim was lost: dropped
  std::atomic<std::uint64_t> handed_back{0};
  std::atomic<std::uint64_t> working_set_misses{0};
  std::atomic<std::uint64_t> complete_calls{0};
  std::atomic<std::uint64_t> takeovers{0};  // steps taken back from dead hosts
  std::atomic<std::int64_t> in_flight{0};   // claimed here and not yet recorded
};

}  // namespace tasker::engine
