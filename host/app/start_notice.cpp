#include "app/start_notice.h"

#include <utility>

#include <spdlog/fmt/fmt.h>

namespace tasker::app {
namespace {

using Clock = std::chrono::steady_clock;
constexpr auto kBetweenLines = std::chrono::seconds(10);

}  // namespace

StartNotice::StartNotice(std::function<void(const std::string&)> say, std::chrono::milliseconds patience)
    : say_(std::move(say)), patience_(patience), since_(Clock::now()), next_line_(since_ + patience), thread_([this] { watch(); }) {}

StartNotice::~StartNotice() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void StartNotice::waits_for(const std::string& what) {
  const std::lock_guard lock(mutex_);
  what_ = what;
  since_ = Clock::now();
  next_line_ = since_ + patience_;
}

// A later time than the one waited for is found when that one comes.
void StartNotice::watch() {
  std::unique_lock lock(mutex_);
  while (!is_over_) {
    changed_.wait_until(lock, next_line_, [this] { return is_over_; });
    const auto now = Clock::now();
    if (is_over_ || now < next_line_) continue;
    if (!what_.empty())
      say_(fmt::format("still starting, for {:.0f} s waiting for {}", std::chrono::duration<double>(now - since_).count(), what_));
    next_line_ = now + kBetweenLines;
  }
}

}  // namespace tasker::app
