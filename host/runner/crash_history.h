// When a plugin's runner crashed: how long to wait before the next one, and when it is enough. Pure; one thread.
#pragma once

#include <chrono>
#include <deque>

namespace tasker::runner {

class CrashHistory {
 public:
  using Time = std::chrono::steady_clock::time_point;
  using Millis = std::chrono::milliseconds;

  CrashHistory(int most, std::chrono::seconds window) : most_(most), window_(window) {}

  // A runner that lived so long was well; the pauses begin anew.
  void note(Time now, Millis lived);
  // A start that failed on this side: pauses grow, and nothing is held against the plugin.
  void note_failed_start() { ++in_a_row_; }
  // Until the next start: none after the first crash, then 100 ms, doubling up to 10 s.
  Millis pause() const;
  bool is_too_much(Time now) const;
  void forget();

 private:
  const int most_;
  const std::chrono::seconds window_;
  std::deque<Time> crashes_;
  int in_a_row_ = 0;
};

}  // namespace tasker::runner
