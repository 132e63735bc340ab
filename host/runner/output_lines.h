// What a runner writes to its stdout and stderr, as lines for the log: long ones are cut, and of a flood only so many a
// second are kept, with a word on the rest. Pure; one thread.
#pragma once

#include <chrono>
#include <functional>
#include <string>
#include <string_view>

#include "runner/line_rate.h"

namespace tasker::runner {

class OutputLines {
 public:
  using Time = LineRate::Time;
  using Tell = std::function<void(std::string_view)>;
  static constexpr std::size_t kLongest = 4096;
  static constexpr int kEachSecond = 200;

  explicit OutputLines(Tell tell) : tell_(std::move(tell)) {}
  void add(std::string_view bytes, Time now);
  void end(Time now);  // what was not ended by a newline, and how much was left out

 private:
  void line(Time now);
  void say_left_out(long lines);

  const Tell tell_;
  std::string partial_;
  LineRate rate_{kEachSecond};
};

}  // namespace tasker::runner
