// Counts how values spread over fixed bounds, for metrics. Relaxed atomics and no lock: cheap enough for the hot path,
// written and read on [any] thread; what is read together need not belong together to the last value.
#pragma once

#include <array>
#include <atomic>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <initializer_list>

namespace tasker {

class Histogram {
 public:
  static constexpr std::size_t kMostBounds = 16;

  // Ascending, at most kMostBounds; what is larger than the last is counted too.
  explicit Histogram(std::initializer_list<double> bounds) : size_(bounds.size()) {
    std::size_t at = 0;
    for (const double bound : bounds) bounds_[at++] = bound;
  }

  void observe(double value) {
    std::size_t at = 0;
    while (at < size_ && value > bounds_[at]) ++at;
    counts_[at].fetch_add(1, std::memory_order_relaxed);
    micros_.fetch_add(static_cast<std::uint64_t>(std::llround(value * 1e6)), std::memory_order_relaxed);
  }

  std::size_t size() const { return size_; }
  double bound(std::size_t at) const { return bounds_[at]; }
  // Of bucket `at` alone; at == size(): beyond the last bound.
  std::uint64_t count(std::size_t at) const { return counts_[at].load(std::memory_order_relaxed); }
  double sum() const { return static_cast<double>(micros_.load(std::memory_order_relaxed)) / 1e6; }

 private:
  const std::size_t size_;
  std::array<double, kMostBounds> bounds_{};
  std::array<std::atomic<std::uint64_t>, kMostBounds + 1> counts_{};
  std::atomic<std::uint64_t> micros_{0};
};

}  // namespace tasker
