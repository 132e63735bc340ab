// What the engine has done since it started: counters that any thread may read (health, bench, metrics).
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "base/histogram.h"

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
  std::array<std::atomic<std::uint64_t>, 7> attempts{};  // recorded, by model::OutcomeKind

  // Seconds, and numbers of steps. Observed on the strand.
  Histogram queue_wait{0.0001, 0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5};  // from the claim to the handler
  Histogram run_time{0.0001, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1, 5, 10, 60, 300, 3600};
  Histogram claim_size{0, 1, 5, 10, 50, 100, 250, 500};  // from the queue
  Histogram claim_time{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5};
  Histogram batch_size{1, 5, 10, 50, 100, 250, 500};  // outcomes in one commit
  Histogram commit_time{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 1, 5};
};

}  // namespace tasker::engine
