#include "app/interrupt.h"

#include <poll.h>
#include <signal.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include <cerrno>

namespace tasker::app {

Interrupt::Interrupt() {
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGINT);
  ::sigaddset(&signals, SIGTERM);
  ::sigprocmask(SIG_BLOCK, &signals, nullptr);
  file_ = ::signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
}

Interrupt::~Interrupt() {
  ::close(file_);
  sigset_t signals;
  ::sigemptyset(&signals);
  ::sigaddset(&signals, SIGINT);
  ::sigaddset(&signals, SIGTERM);
  ::sigprocmask(SIG_UNBLOCK, &signals, nullptr);
}

bool Interrupt::requested() { return wait(std::chrono::milliseconds(0)); }

bool Interrupt::wait(std::chrono::milliseconds patience) {
  if (requested_) return true;
  pollfd waiting{file_, POLLIN, 0};
  if (::poll(&waiting, 1, static_cast<int>(patience.count())) > 0) {
    signalfd_siginfo info{};
    requested_ = ::read(file_, &info, sizeof info) == static_cast<ssize_t>(sizeof info);
  }
  return requested_;
}

}  // namespace tasker::app
