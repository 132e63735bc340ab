// How much work this host may hold. Two bounds: steps whose handler has not ended yet may fill the handler threads plus a
// prefetch that follows the observed rate of handlers, so that a fast handler never waits for a claim and a slow one never
// hoards steps that another host could run; and all steps held, those whose outcome waits for its commit included, are
// bounded for the memory's sake. On the engine's strand.
#pragma once

#include <algorithm>

#include "engine/executor.h"

namespace tasker::engine {

class Room {
 public:
  Room(int workers, int max_in_flight) : workers_(workers), max_in_flight_(max_in_flight), prefetch_(workers) {}

  // What may still be claimed, calls under way counted as if they took all that they asked for.
  int free() const {
    if (closed_) return 0;
    const int to_run = std::min(max_in_flight_, workers_ + prefetch_) - (held_ - ended_);
    return std::max(0, std::min(to_run, max_in_flight_ - held_) - reserved_);
  }
  // Of this, a claim is worth its round trip.
  int worth_claiming() const { return closed_ ? 1 : std::max(1, std::min({64, (workers_ + prefetch_) / 8, max_in_flight_ / 8})); }

  // More waits here than can be started soon: it was claimed when handlers ended faster, and another host may be free. Far
  // from what is claimed at a steady rate, so that a rate that wavers moves nothing.
  bool hoards() const { return held_ - ended_ > 4 * (workers_ + prefetch_); }
  // Of what waits, this may stay.
  int may_wait() const { return 2 * (workers_ + prefetch_); }

  void take(int steps) { held_ += steps; }
  void give(int steps) { held_ -= steps; }
  void reserve(int steps) { reserved_ += steps; }
  void unreserve(int steps) { reserved_ -= steps; }
  void close() { closed_ = true; }
  void open() { closed_ = false; }
  bool closed() const { return closed_; }
  void reset() { held_ = ended_ = reserved_ = 0; }

  // A step that is held ended its handler (or, with -1, is given up although its outcome was never recorded).
  void end(int steps) { ended_ += steps; }

  // After a series of ends: every 50 ms the prefetch becomes 150 ms of work at the rate just seen.
  void adapt(int ended, SteadyTime now) {
    if (since_ == SteadyTime{}) since_ = now;  // nothing was observed before: that says nothing about the rate
    seen_ += ended;
    const auto span = now - since_;
    if (span < std::chrono::milliseconds(50)) return;
    const double rate = static_cast<double>(seen_) / std::chrono::duration<double>(span).count();
    // Up at once, down by a half at a time: one slow moment must not empty the pipeline.
    prefetch_ = std::min(std::max(static_cast<int>(rate * 0.15), prefetch_ / 2), max_in_flight_);
    seen_ = 0;
    since_ = now;
  }

 private:
  const int workers_;
  const int max_in_flight_;
  int held_ = 0;      // claimed and not yet recorded
  int ended_ = 0;     // of held_: the handler has ended
  int reserved_ = 0;  // asked for by calls under way
  int prefetch_;
  int seen_ = 0;
  SteadyTime since_{};
  bool closed_ = false;
};

}  // namespace tasker::engine
