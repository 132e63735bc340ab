#include "app/start_guard.h"

#include <unistd.h>

#include "app/exit_code.h"
#include "base/log.h"

namespace tasker::app {
namespace {

// A signal handler can notify nobody who waits for a condition.
constexpr auto kLook = std::chrono::milliseconds(50);

}  // namespace

StartGuard::StartGuard(const Shutdown& shutdown, std::chrono::milliseconds patience)
    : thread_([this, &shutdown, patience] { watch(shutdown, patience); }) {}

StartGuard::~StartGuard() {
  {
    const std::lock_guard lock(mutex_);
    is_over_ = true;
  }
  changed_.notify_one();
  thread_.join();
}

void StartGuard::watch(const Shutdown& shutdown, std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  const auto is_over = [this] { return is_over_; };
  while (!shutdown.was_signalled())
    if (changed_.wait_for(lock, kLook, is_over)) return;
  if (changed_.wait_for(lock, patience, is_over)) return;
  const auto code = report(make_error(Code::command_interrupted, "interrupted while the host was starting; nothing was begun"));
  log_flush();
  ::_exit(static_cast<int>(code));  // no destructors: the main thread is inside of what they would take down
}

}  // namespace tasker::app
