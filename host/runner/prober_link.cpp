#include "runner/prober_link.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <utility>

#include "base/log.h"
#include "runner/probe_messages.h"
#include "runner/prober_child.h"

namespace tasker::runner {

constexpr int kShortagePauseMs = 10;  // of the kernel's memory

Result<std::unique_ptr<ProberLink>> ProberLink::start(const std::string& program) {
  SpawnRequest request;
  request.program = program;
  request.label = kProberWord;
  // Constructors find what they would find in the host: its folder and its environment.
  request.folder = ".";
  request.has_whole_environment = true;
  const auto spawned = spawn_runner(request);
  if (!spawned) return spawned.error();
  return std::unique_ptr<ProberLink>(new ProberLink(*spawned));
}

ProberLink::ProberLink(const Spawned& spawned)
    : spawned_(spawned), reader_(kMaxProbeBody), lines_([](std::string_view line) { log_warn("prober: {}", line); }) {}

ProberLink::~ProberLink() {
  ::kill(spawned_.process, SIGKILL);
  while (::waitpid(spawned_.process, nullptr, 0) < 0 && errno == EINTR) {
  }
  read_output();
  lines_.end(OutputLines::Time::clock::now());
  ::close(spawned_.channel);
  if (spawned_.output >= 0) ::close(spawned_.output);
}

bool ProberLink::flush() {
  while (!out_.empty()) {
    const ssize_t now = ::send(spawned_.channel, out_.data(), out_.size(), MSG_NOSIGNAL | MSG_DONTWAIT);
    if (now > 0)
      out_.erase(0, static_cast<std::size_t>(now));
    else if (errno == ENOBUFS || errno == ENOMEM)
      ::poll(nullptr, 0, kShortagePauseMs);
    else if (errno != EINTR)
      return errno == EAGAIN;
  }
  return true;
}

bool ProberLink::read(const std::function<void(const Frame&)>& take) {
  const auto space = reader_.space();
  const ssize_t got = ::recv(spawned_.channel, space.data(), space.size(), MSG_DONTWAIT);
  if (got <= 0) return got < 0 && (errno == EAGAIN || errno == EINTR);
  reader_.filled(static_cast<std::size_t>(got));
  Frame frame;
  for (auto next = reader_.next(frame); next != FrameReader::Next::more; next = reader_.next(frame)) {
    if (next == FrameReader::Next::broken || frame.kind != FrameKind::probed) return false;
    take(frame);
  }
  return true;
}

void ProberLink::read_output() {
  char bytes[4096];
  const ssize_t got = spawned_.output < 0 ? -1 : ::read(spawned_.output, bytes, sizeof bytes);
  if (got > 0) lines_.add({bytes, static_cast<std::size_t>(got)}, OutputLines::Time::clock::now());
  if (got == 0) ::close(std::exchange(spawned_.output, -1));
}

}  // namespace tasker::runner
