#include "runner/trial.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>
#include <cstring>
#include <utility>

namespace tasker::runner {
namespace {

constexpr std::size_t kMostTold = 16 * 1024;
constexpr std::size_t kMostPrinted = 16 * 1024;

Error failed(const char* what, int error) {
  return make_error(Code::plugin_runner_failed, std::string("cannot probe it: ") + what + ": " + std::strerror(error), Retry::later);
}

// Answers the bytes beyond `most`, which are not kept.
std::uint64_t read_into(std::string& text, std::size_t most, int& file) {
  std::uint64_t beyond = 0;
  for (char bytes[4096];;) {
    const ssize_t got = file < 0 ? -1 : ::read(file, bytes, sizeof bytes);
    if (got < 0) return beyond;  // nothing there now
    if (got == 0) {
      ::close(std::exchange(file, -1));
      return beyond;
    }
    const std::size_t kept = std::min(static_cast<std::size_t>(got), most - text.size());
    text.append(bytes, kept);
    beyond += static_cast<std::uint64_t>(got) - kept;
    if (beyond > kMostPrinted) return beyond;  // the others have their turn
  }
}

}  // namespace

Result<Trial> Trial::start(std::uint64_t token, std::chrono::milliseconds limit, int channel, const TrialBody& body) {
  std::array<int, 2> verdict{}, output{};
  if (::pipe2(verdict.data(), O_CLOEXEC) != 0) return failed("pipe", errno);
  if (::pipe2(output.data(), O_CLOEXEC) != 0) {
    const int error = errno;
    for (const int end : verdict) ::close(end);
    return failed("pipe", error);
  }
  for (const int end : {verdict[0], output[0]}) ::fcntl(end, F_SETFL, O_NONBLOCK);
  const pid_t parent = ::getpid();
  const pid_t process = ::fork();
  const int error = errno;
  if (process == 0) {
    if (channel >= 0) ::close(channel);
    run_trial(body, verdict[1], output[1], parent);
  }
  ::close(verdict[1]);
  ::close(output[1]);
  if (process < 0) {
    ::close(verdict[0]);
    ::close(output[0]);
    return failed("fork", error);
  }
  ::setpgid(process, process);  // the child does the same: whoever comes first
  return Trial(token, limit, process, verdict[0], output[0]);
}

Trial::Trial(Trial&& other) noexcept
    : token_(other.token_), process_(std::exchange(other.process_, 0)), verdict_(std::exchange(other.verdict_, -1)),
      output_(std::exchange(other.output_, -1)), left_(other.left_), was_too_slow_(other.was_too_slow_), status_(other.status_),
      told_(std::move(other.told_)), printed_(std::move(other.printed_)), left_out_(other.left_out_) {}

Trial::~Trial() {
  if (process_ != 0) {
    ::kill(-process_, SIGKILL);
    ::kill(process_, SIGKILL);
    while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
    }
  }
  for (const int file : {verdict_, output_})
    if (file >= 0) ::close(file);
}

void Trial::read() {
  read_into(told_, kMostTold, verdict_);
  left_out_ += read_into(printed_, kMostPrinted, output_);
}

void Trial::spend(std::chrono::milliseconds time) {
  if (was_too_slow_ || (left_ -= time).count() > 0) return;
  was_too_slow_ = true;
  ::kill(process_, SIGKILL);
}

void Trial::renew(std::chrono::milliseconds limit) {
  if (!was_too_slow_) left_ = limit;
}

bool Trial::has_ended() {
  if (process_ == 0) return true;
  // It stays a zombie at first, so that its number is still its group's.
  siginfo_t info{};
  if (::waitid(P_PID, static_cast<id_t>(process_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) return false;
  ::kill(-process_, SIGKILL);
  while (::waitpid(process_, &status_, 0) < 0 && errno == EINTR) {
  }
  process_ = 0;
  read();
  return true;
}

// Told: 'M' when memory ran out, then the verdict: 'V', the mark, the code, the message, the last two ended by a 0 each; 'L' instead
// of 'V': it may pass.
Probed Trial::probed() const {
  Probed probed{.status = status_, .was_too_slow = was_too_slow_, .output = printed_, .left_out = left_out_};
  std::string_view told = told_;
  if (told.starts_with('M')) {
    probed.ran_out_of_memory = true;
    told.remove_prefix(1);
  }
  const auto middle = told.find('\0');
  if (middle == told.npos || !told.ends_with('\0') || (told[0] != 'V' && told[0] != 'L') || middle < 2 || middle + 1 == told.size()) return probed;
  probed.has_verdict = WIFEXITED(status_) && !was_too_slow_;
  probed.may_pass = told[0] == 'L';
  probed.mark = static_cast<std::uint8_t>(told[1] - '0');
  probed.code = told.substr(2, middle - 2);
  probed.message = told.substr(middle + 1, told.size() - middle - 2);
  return probed;
}

}  // namespace tasker::runner
