#include "runner/prober_child.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <deque>
#include <list>
#include <string>
#include <vector>

#include "plugin/loaded_plugin.h"
#include "runner/child_start.h"
#include "runner/trial.h"

namespace tasker::runner {
namespace {

using Steady = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t kAtOnce = 4;  // trials: one that hangs holds up nobody
constexpr milliseconds kTick{100};
constexpr int kShortagePauseMs = 10;  // of the kernel's memory
// Time in which this process stood still is not the library's.
constexpr milliseconds kMostInATick{400};

plugin::LoadRequest request_of(const Probe& probe) {
  auto definition = std::make_shared<model::TaskTemplate>();
  for (const HandlerNames& names : probe.handlers) {
    auto& step = definition->steps.emplace_back();
    step.name = names.step;
    step.handler_class = names.handler_class;
    step.handler = names.handler;
  }
  plugin::LoadRequest request;
  request.file = std::string(probe.file);
  request.source = probe.source;
  request.entry_bytes = probe.entry_bytes;
  request.definition = std::move(definition);
  return request;
}

// In the trial's process: opens the library as the host would, and looks through its tables.
Told try_to_open(const Probe& probe) {
  const auto opened = plugin::try_library(request_of(probe));
  if (opened) return {};
  return {std::string(code_text(opened.error().code)), opened.error().message, opened.error().retry == Retry::later};
}

class Zygote {
 public:
  explicit Zygote(int channel) : channel_(channel) {
    struct sigaction action {};
    action.sa_handler = [](int) {};  // it need only interrupt the wait
    ::sigaction(SIGCHLD, &action, nullptr);
    sigset_t child;
    ::sigemptyset(&child);
    ::sigaddset(&child, SIGCHLD);
    ::sigprocmask(SIG_BLOCK, &child, &while_waiting_);
  }

  // Until the host is gone.
  void run() {
    while (!is_over_) {
      start_trials();
      wait();
      end_trials();
    }
    trials_.clear();
  }

 private:
  struct Asked {
    std::uint64_t token;
    std::string body;
  };

  void start_trials();
  void wait();
  void read_questions();
  void end_trials();
  void answer(std::uint64_t token, const Probed& probed);

  const int channel_;
  FrameReader reader_{kMaxProbeBody};
  std::deque<Asked> asked_;  // the host bounds it
  std::list<Trial> trials_;
  Steady::time_point woken_ = Steady::now();
  sigset_t while_waiting_{};
  bool is_over_ = false;
};

void Zygote::start_trials() {
  if (trials_.empty()) woken_ = Steady::now();
  while (trials_.size() < kAtOnce && !asked_.empty()) {
    const Asked next = std::move(asked_.front());
    asked_.pop_front();
    const auto probe = decode_probe(next.body);
    if (!probe) {
      is_over_ = true;
      return;
    }
    auto trial = Trial::start(next.token, milliseconds(probe->limit_ms), channel_, [&] { return try_to_open(*probe); });
    if (trial)
      trials_.push_back(std::move(*trial));
    else
      answer(next.token, {.has_verdict = true, .may_pass = true, .code = code_text(trial.error().code), .message = trial.error().message});
  }
}

void Zygote::wait() {
  std::vector<pollfd> files = {{channel_, POLLIN, 0}};
  for (const Trial& trial : trials_)
    for (const int file : {trial.verdict(), trial.output()})
      if (file >= 0) files.push_back({file, POLLIN, 0});
  const timespec tick{0, std::chrono::nanoseconds(kTick).count()};
  ::ppoll(files.data(), files.size(), trials_.empty() ? nullptr : &tick, &while_waiting_);
  const auto passed = std::chrono::duration_cast<milliseconds>(Steady::now() - woken_);
  woken_ += passed;
  const auto gone = std::min(passed, kMostInATick);
  for (Trial& trial : trials_) {
    trial.read();
    trial.spend(gone);
  }
  if (files[0].revents != 0) read_questions();
}

void Zygote::read_questions() {
  const auto space = reader_.space();
  const ssize_t got = ::recv(channel_, space.data(), space.size(), MSG_DONTWAIT);
  if (got < 0 && (errno == EAGAIN || errno == EINTR)) return;
  is_over_ = got <= 0;
  if (is_over_) return;
  reader_.filled(static_cast<std::size_t>(got));
  Frame frame;
  for (auto next = reader_.next(frame); next != FrameReader::Next::more && !is_over_; next = reader_.next(frame)) {
    is_over_ = next == FrameReader::Next::broken || frame.kind != FrameKind::probe;
    if (!is_over_) asked_.push_back({frame.token, std::string(frame.body)});
  }
}

void Zygote::end_trials() {
  for (auto trial = trials_.begin(); trial != trials_.end();) {
    if (trial->has_ended()) {
      answer(trial->token(), trial->probed());
      trial = trials_.erase(trial);
    } else {
      ++trial;
    }
  }
}

void Zygote::answer(std::uint64_t token, const Probed& probed) {
  std::string bytes;
  encode_probed(bytes, token, probed);
  for (std::size_t sent = 0; sent < bytes.size() && !is_over_;) {
    const ssize_t now = ::send(channel_, bytes.data() + sent, bytes.size() - sent, MSG_NOSIGNAL);
    if (now > 0)
      sent += static_cast<std::size_t>(now);
    else if (errno == EAGAIN) {
      pollfd writable{channel_, POLLOUT, 0};
      ::poll(&writable, 1, -1);  // a host that is gone is news too
    } else if (errno == ENOBUFS || errno == ENOMEM) {
      ::poll(nullptr, 0, kShortagePauseMs);
    } else if (errno != EINTR)
      is_over_ = true;
  }
}

}  // namespace

int run_prober() {
  const int channel = begin_child("tasker-prober", "runner --probe", "tries plugins before the host loads them");
  if (channel < 0) return 2;
  Zygote(channel).run();
  ::_exit(0);
}

}  // namespace tasker::runner
