// What the HTTP server counts about itself, for metrics. Written on [io] threads, read on [any].
#pragma once

#include <array>
#include <atomic>
#include <cstdint>

#include "base/histogram.h"

namespace tasker::http {

struct HttpStats {
  std::array<std::atomic<std::uint64_t>, 600> answers{};  // by status
  std::atomic<std::int64_t> connections{0};               // open now
  std::atomic<std::uint64_t> turned_away{0};              // beyond the limit
  // From the whole request to the answer; those that asked to wait for a task are not in it.
  Histogram seconds{0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 5, 30};
};

}  // namespace tasker::http
