// How much work this host may hold: its handler threads plus a prefetch that follows the observed completion rate, so
// that a fast handler never waits for a claim and a slow one never hoards steps that another host could run.
// On the engine's strand.
#pragma once

#include <algorithm>
#include <cstdint>

#include "engine/executor.h"

namespace tasker::engine {

class Room {
 public:
  Room(int workers, int max_in_flight) : workers_(workers), max_in_flight_(max_in_flight) {}

  int limit() const { return closed_ ? 0 : std::min(max_in_flight_, workers_ + prefetch_); }
  // What may still be claimed, calls under way counted as if they took all that they asked for.
  int free() const { return std::max(0, limit() - in_flight_ - reserved_); }
  int in_flight() const { return in_flight_; }

  void take(int steps) { in_flight_ += steps; }
  void give(int steps) { in_flight_ -= steps; }
  void reserve(int steps) { reserved_ += steps; }
  void unreserve(int steps) { reserved_ -= steps; }
  void close() { closed_ = true; }
  void open() { closed_ = false; }
  bool closed() const { return closed_; }
  void reset() { in_flight_ = reserved_ = 0; }

  // Counts recorded outcomes; every 50 ms the prefetch becomes 150 ms of work at the rate just seen.
  void recorded(int steps, SteadyTime now) {
    recorded_ += steps;
    const auto span = now - since_;
    if (span < std::chrono::milliseconds(50)) return;
    const double rate = static_cast<double>(recorded_) / std::chrono::duration<double>(span).count();
    // Up at once, down by a half at a time: one slow commit must not empty the pipeline.
    prefetch_ = std::clamp(std::max(static_cast<int>(rate * 0.15), prefetch_ / 2), 0, max_in_flight_);
    recorded_ = 0;
    since_ = now;
  }

 private:
  const int workers_;
  const int max_in_flight_;
  int in_flight_ = 0;
  int reserved_ = 0;
  int prefetch_ = 0;
  int recorded_ = 0;
  SteadyTime since_{};
  bool closed_ = false;
};

}  // namespace tasker::engine
