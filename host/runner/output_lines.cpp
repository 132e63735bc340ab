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
  say_left_out(rate_.end());
}

void OutputLines::line(Time now) {
  say_left_out(rate_.begin(now));
  if (rate_.take() && !partial_.empty()) tell_(partial_);
  partial_.clear();
}

void OutputLines::say_left_out(long lines) {
  if (lines > 0) tell_("(" + std::to_string(lines) + " lines more were left out)");
}

}  // namespace tasker::runner
