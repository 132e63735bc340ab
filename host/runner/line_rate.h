// Of a flood of lines only so many a second pass, and how many did not is told once it is over. Pure; one thread.
#pragma once

#include <chrono>
#include <utility>

namespace tasker::runner {

class LineRate {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit LineRate(int each_second) : each_second_(each_second) {}

  // Before each line: how many were left out in the second that has ended; mostly 0.
  long begin(Time now) {
    if (now - second_ < std::chrono::seconds(1)) return 0;
    second_ = now;
    passed_ = 0;
    return end();
  }
  // Whether the line passes.
  bool take() {
    if (passed_ < each_second_) return ++passed_, true;
    return ++left_out_, false;
  }
  // What was left out and not told yet.
  long end() { return std::exchange(left_out_, 0); }

 private:
  const int each_second_;
  Time second_{};
  int passed_ = 0;
  long left_out_ = 0;
};

}  // namespace tasker::runner
