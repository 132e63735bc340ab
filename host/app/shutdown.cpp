#include "app/shutdown.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <atomic>
#include <cerrno>

namespace tasker::app {
namespace {

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};
// A handler can reach nothing but globals.
int ends[2] = {-1, -1};
std::atomic<bool> signalled{false};

void tell(char what) { (void)!::write(ends[1], &what, 1); }

void on_hangup(int) {
  const int saved = errno;
  tell('r');
  errno = saved;
}

void on_signal(int) {
  const int saved = errno;
  for (const int signal : kSignals) ::signal(signal, SIG_DFL);
  signalled = true;
  tell('s');
  errno = saved;
}

}  // namespace

// Handlers and no blocked signals: a mask would be inherited by every program that a plugin starts.
Shutdown::Shutdown(Hangup hangup) {
  signalled = false;
  (void)!::pipe2(ends, O_CLOEXEC | O_NONBLOCK);
  struct sigaction action {};
  action.sa_handler = on_signal;
  action.sa_flags = SA_RESTART;
  for (const int signal : kSignals) ::sigaction(signal, &action, nullptr);
  if (hangup == Hangup::reloads) {
    action.sa_handler = on_hangup;
    ::sigaction(SIGHUP, &action, nullptr);
  }
  ::signal(SIGPIPE, SIG_IGN);
}

Shutdown::~Shutdown() {
  for (const int signal : kSignals) ::signal(signal, SIG_DFL);
  ::close(ends[0]);
  ::close(ends[1]);
}

bool Shutdown::was_signalled() const { return signalled; }

int Shutdown::fd() const { return ends[0]; }

void Shutdown::fail() { tell('f'); }

bool Shutdown::wait(const std::function<void()>& reload) {
  pollfd waiting{ends[0], POLLIN, 0};
  for (char what = 0;;) {
    if (::read(ends[0], &what, 1) != 1)
      (void)::poll(&waiting, 1, -1);
    else if (what != 'r')
      return what == 's';
    else if (reload)
      reload();
  }
}

}  // namespace tasker::app
