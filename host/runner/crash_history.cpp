#include "runner/crash_history.h"

#include <algorithm>

namespace tasker::runner {
namespace {

constexpr CrashHistory::Millis kFirstPause{100}, kLongestPause{10'000}, kLongLife{30'000};

}  // namespace

void CrashHistory::note(Time now, Millis lived) {
  in_a_row_ = lived >= kLongLife ? 1 : in_a_row_ + 1;
  crashes_.push_back(now);
  if (static_cast<int>(crashes_.size()) > most_) crashes_.pop_front();
}

CrashHistory::Millis CrashHistory::pause() const {
  if (in_a_row_ <= 1) return Millis(0);
  return std::min(kLongestPause, kFirstPause * (1 << std::min(in_a_row_ - 2, 10)));
}

bool CrashHistory::is_too_much(Time now) const {
  return static_cast<int>(crashes_.size()) >= most_ && now - crashes_.front() <= window_;
}

void CrashHistory::forget() {
  crashes_.clear();
  in_a_row_ = 0;
}

}  // namespace tasker::runner
