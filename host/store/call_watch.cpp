#include "store/call_watch.h"

#include <sys/socket.h>

namespace tasker::store {

CallWatch::CallWatch(Counters& counters) : counters_(counters), thread_([this] { run(); }) {}

CallWatch::~CallWatch() {
  {
    const std::lock_guard lock(mutex_);
    stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void CallWatch::close() {
  const std::lock_guard lock(mutex_);
  closed_ = true;
  for (const auto& [socket, deadline] : deadlines_) ::shutdown(socket, SHUT_RDWR);
}

void CallWatch::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    // Looking every half second costs less than waking this thread for every call.
    changed_.wait_for(lock, std::chrono::milliseconds(500));
    const auto now = std::chrono::steady_clock::now();
    for (auto& [socket, deadline] : deadlines_) {
      if (now < deadline) continue;
      ::shutdown(socket, SHUT_RDWR);
      deadline = std::chrono::steady_clock::time_point::max();
      ++counters_.cut_off;
    }
  }
}

CallWatch::Guard::Guard(CallWatch& watch, int socket, std::chrono::milliseconds limit)
    : watch_(watch), socket_(socket) {
  const std::lock_guard lock(watch_.mutex_);
  watch_.deadlines_[socket_] = std::chrono::steady_clock::now() + limit;
  if (watch_.closed_) ::shutdown(socket_, SHUT_RDWR);
}

CallWatch::Guard::~Guard() {
  const std::lock_guard lock(watch_.mutex_);
  watch_.deadlines_.erase(socket_);
}

}  // namespace tasker::store
