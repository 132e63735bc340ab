#include "runner/output_lines.h"

namespace tasker::runner {

void OutputLines::add(std::string_view bytes, Time now) {
  for (const char c : bytes) {
    if (c != '\n')
      partial_ += c;
    if (c == '\n' || partial_.size() >= kLongest) line(now);
  }
}

void OutputLines::end(Time now) {
  if (!partial_.empty()) line(now);
  say_dropped();
}

void OutputLines::line(Time now) {
  if (now - second_ >= std::chrono::seconds(1)) {
    say_dropped();
    second_ = now;
    told_ = 0;
  }
  if (told_ < kEachSecond) {
    ++told_;
    if (!partial_.empty()) tell_(partial_);
  } else {
    ++dropped_;
  }
  partial_.clear();
}

void OutputLines::say_dropped() {
  if (dropped_ > 0) tell_("(" + std::to_string(dropped_) + " lines more were left out)");
  dropped_ = 0;
}

}  // namespace tasker::runner
