#include "runner/outbox.h"

#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <thread>

namespace tasker::runner {

constexpr std::chrono::milliseconds kShortagePause{10};

void Outbox::send(const std::function<void(std::string&)>& append) {
  std::unique_lock lock(mutex_);
  drained_.wait(lock, [this] { return waiting_.size() < kMost; });
  append(waiting_);
  if (is_writing_) return;
  is_writing_ = true;
  while (!waiting_.empty()) {
    writing_.swap(waiting_);
    lock.unlock();
    write_all(writing_);
    writing_.clear();
    if (writing_.capacity() > kMost / 16) writing_ = {};
    lock.lock();
    drained_.notify_all();
  }
  is_writing_ = false;
  drained_.notify_all();
}

void Outbox::flush() {
  std::unique_lock lock(mutex_);
  drained_.wait(lock, [this] { return !is_writing_ && waiting_.empty(); });
}

void Outbox::write_all(const std::string& bytes) const {
  for (std::size_t sent = 0; sent < bytes.size();) {
    const ssize_t now = ::send(descriptor_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (now > 0) {
      sent += static_cast<std::size_t>(now);
    } else if (errno == ENOBUFS || errno == ENOMEM) {
      std::this_thread::sleep_for(kShortagePause);  // the kernel's, which passes
    } else if (errno != EINTR) {
      ::_exit(errno == EPIPE ? 0 : 1);  // the host is gone, or the plugin closed the channel: nobody hears us
    }
  }
}

}  // namespace tasker::runner
