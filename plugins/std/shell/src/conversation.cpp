#include "conversation.h"

#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>

namespace std_shell {
namespace {

using Clock = std::chrono::steady_clock;

constexpr milliseconds kStopCheck{100};
// Between the polite signal and the other one.
constexpr milliseconds kLastWords{2'000};

// False when there will be nothing more.
bool feed(Descriptor& to, std::string_view& input) {
  const auto wrote = ::write(to.number(), input.data(), input.size());
  if (wrote > 0) input.remove_prefix(static_cast<std::size_t>(wrote));
  if (wrote < 0 && errno != EAGAIN && errno != EINTR) return false;  // it reads no more
  return !input.empty();
}

bool take(Descriptor& from, std::string& to, std::size_t most) {
  std::array<char, 16 << 10> bytes;
  for (;;) {
    const auto got = ::read(from.number(), bytes.data(), bytes.size());
    if (got < 0) return errno == EAGAIN || errno == EINTR;
    if (got == 0) return false;
    to.append(bytes.data(), static_cast<std::size_t>(got));
    if (to.size() > most)
      throw tasker::PermanentError("the command prints more than " + std::to_string(most >> 10U) + " KiB (max_output_kib)",
                                   "shell.too_much_output");
  }
}

// A pipe without a reader answers with a signal to the thread, which is the host's: kept out of the way for the time.
class NoBrokenPipe {
 public:
  NoBrokenPipe() {
    ::sigemptyset(&pipe_);
    ::sigaddset(&pipe_, SIGPIPE);
    ::pthread_sigmask(SIG_BLOCK, &pipe_, &before_);
  }
  ~NoBrokenPipe() {
    if (::sigismember(&before_, SIGPIPE) == 1) return;
    const timespec now{};
    while (::sigtimedwait(&pipe_, nullptr, &now) < 0 && errno == EINTR) {
    }
    ::pthread_sigmask(SIG_SETMASK, &before_, nullptr);
  }
  NoBrokenPipe(const NoBrokenPipe&) = delete;
  NoBrokenPipe& operator=(const NoBrokenPipe&) = delete;

 private:
  sigset_t pipe_{}, before_{};
};

// What ends a command before its own end. A host that only drains lets it finish: it would have to begin anew.
bool must_stop(const tasker::Call& call) {
  return (call.stop_bits() & ~static_cast<std::uint32_t>(TASKER_STOP_DRAINING)) != 0;
}

void end_politely(Child& child) {
  child.signal_group(SIGTERM);
  const auto until = Clock::now() + kLastWords;
  while (!child.status() && Clock::now() < until) {
    pollfd ended{child.end().number(), POLLIN, 0};
    ::poll(&ended, 1, static_cast<int>(kStopCheck.count()));
  }
}

}  // namespace

Ended converse(Child& child, const Command& command, const tasker::Call& call) {
  const NoBrokenPipe no_broken_pipe;
  const auto deadline = Clock::now() + command.timeout;
  std::string_view input = command.input;
  Ended ended;
  if (input.empty()) child.input().close();
  for (;;) {
    const auto status = child.status();
    if (child.input().is_open() && !feed(child.input(), input)) child.input().close();
    if (child.output().is_open() && !take(child.output(), ended.output, command.max_bytes)) child.output().close();
    if (child.errors().is_open() && !take(child.errors(), ended.errors, command.max_bytes)) child.errors().close();
    // What it has printed lay in the pipes before it ended, and has been taken in since.
    if (status) {
      ended.status = *status;
      return ended;
    }
    if (must_stop(call)) {
      end_politely(child);
      throw tasker::Cancelled();
    }
    const auto left = std::chrono::ceil<milliseconds>(deadline - Clock::now());
    if (left.count() <= 0) {
      end_politely(child);
      throw tasker::RetryableError("the command took longer than " + std::to_string(command.timeout.count()) + " ms", std::nullopt,
                                   "shell.timeout");
    }
    std::array<pollfd, 4> ready = {{{child.input().number(), POLLOUT, 0}, {child.output().number(), POLLIN, 0},
                                    {child.errors().number(), POLLIN, 0}, {child.end().number(), POLLIN, 0}}};
    ::poll(ready.data(), ready.size(), static_cast<int>(std::min(left, kStopCheck).count()));
  }
}

}  // namespace std_shell
