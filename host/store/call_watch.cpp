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
  for (const auto& [socket, call] : watched_) ::shutdown(socket, SHUT_RDWR);
}

void CallWatch::run() {
  std::unique_lock lock(mutex_);
  while (!stopping_) {
    // Looking every half second costs less than waking this thread for every call.
    changed_.wait_for(lock, std::chrono::milliseconds(500));
    const auto now = std::chrono::steady_clock::now();
    for (auto& [socket, call] : watched_) {
      if (now < call.deadline) continue;
      ::shutdown(socket, SHUT_RDWR);
      call.deadline = std::chrono::steady_clock::time_point::max();
      ++counters_.cut_off;
    }
  }
}

CallWatch::Guard::Guard(CallWatch& watch, int socket, std::chrono::milliseconds limit)
    : watch_(watch), socket_(socket) {
  const std::lock_guard lock(watch_.mutex_);
  call_ = ++watch_.last_call_;
  watch_.watched_[socket_] = {call_, std::chrono::steady_clock::now() + limit};
  if (watch_.closed_) ::shutdown(socket_, SHUT_RDWR);
}

CallWatch::Guard::~Guard() {
  const std::lock_guard lock(watch_.mutex_);
  const auto found = watch_.watched_.find(socket_);
  if (found != watch_.watched_.end() && found->second.call == call_) watch_.watched_.erase(found);
}

}  // namespace tasker::store
