#include "child.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <iterator>

namespace std_shell {
namespace {

// Made before the fork: between it and exec nothing may be allocated.
std::vector<char*> pointers_to(const std::vector<std::string>& texts) {
  std::vector<char*> pointers;
  for (const auto& text : texts) pointers.push_back(const_cast<char*>(text.c_str()));  // NOLINT: exec's signature
  pointers.push_back(nullptr);
  return pointers;
}

struct Start {
  char* const* arguments;
  char* const* environment;
  const char* folder;
  int input, output, errors, trouble;
  pid_t parent;
};

// In the child, where only calls that are safe in a signal handler may be made. Tells by `trouble` why there is no program.
[[noreturn]] void become_program(const Start& start) {
  const auto fail = [&] {
    const int reason = errno;
    [[maybe_unused]] const auto told = ::write(start.trouble, &reason, sizeof reason);
    ::_exit(127);
  };
  sigset_t none;
  ::sigemptyset(&none);
  for (int number = 1; number < NSIG; ++number) ::signal(number, SIG_DFL);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  ::setsid();
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  if (::getppid() != start.parent) ::_exit(127);  // the host ended before it would have been told
  for (const auto& [from, to] : {std::pair(start.input, 0), std::pair(start.output, 1), std::pair(start.errors, 2)})
    if (::dup2(from, to) < 0) fail();
  // The pipe of `trouble` too closes on exec, which is how the parent learns that all is well.
  ::close_range(3, ~0U, CLOSE_RANGE_CLOEXEC);
  if (::chdir(start.folder) != 0) fail();
  ::execve(start.arguments[0], start.arguments, start.environment);
  fail();
  ::_exit(127);
}

// Numbers 0 to 2 would be written over before they are used.
Descriptor above_standard(Descriptor descriptor) {
  if (descriptor.number() > 2) return descriptor;
  return Descriptor(::fcntl(descriptor.number(), F_DUPFD_CLOEXEC, 3));
}

}  // namespace

Child::Child(const Command& command) {
  Pipe input, output, errors, trouble;
  const auto arguments = pointers_to(command.arguments), environment = pointers_to(command.environment);
  for (Descriptor* end : {&input.read, &output.write, &errors.write, &trouble.write}) *end = above_standard(std::move(*end));
  const Start start{arguments.data(),      environment.data(),       command.folder.c_str(),  input.read.number(),
                    output.write.number(), errors.write.number(),    trouble.write.number(),  ::getpid()};
  process_ = ::fork();
  if (process_ == 0) become_program(start);
  if (process_ < 0) {
    const std::string why = std::strerror(errno);
    if (errno == EPERM)
      throw tasker::PermanentError("no process may be started here: std/shell cannot run isolated", "shell.cannot_start");
    throw tasker::RetryableError("no process could be started: " + why, std::nullopt, "shell.no_resources");
  }
  input_ = std::move(input.write);
  output_ = std::move(output.read);
  errors_ = std::move(errors.read);
  trouble.write.close();
  await_start(std::move(trouble.read), command.arguments.front());
  for (const Descriptor* end : {&input_, &output_, &errors_}) set_nonblocking(*end);
  end_ = Descriptor(static_cast<int>(::syscall(SYS_pidfd_open, process_, 0)));
}

void Child::await_start(Descriptor trouble, const std::string& program) {
  int reason = 0;
  ssize_t got = 0;
  while ((got = ::read(trouble.number(), &reason, sizeof reason)) < 0 && errno == EINTR) {
  }
  if (got <= 0) return;
  ::waitpid(process_, nullptr, 0);
  throw tasker::PermanentError("cannot run " + program + ": " + std::strerror(reason), "shell.cannot_start");
}

Child::~Child() {
  if (status_) return;  // the number may be another's by now
  signal_group(SIGKILL);
  while (::waitpid(process_, nullptr, 0) < 0 && errno == EINTR) {
  }
}

void Child::signal_group(int number) const { ::kill(-process_, number); }

std::optional<int> Child::status() {
  if (status_) return status_;
  siginfo_t info{};
  // Left to be waited for, so that its number, which is its group's, is nobody else's while the group is killed.
  if (::waitid(P_PID, static_cast<id_t>(process_), &info, WEXITED | WNOHANG | WNOWAIT) != 0 || info.si_pid == 0) return std::nullopt;
  signal_group(SIGKILL);
  int status = 0;
  ::waitpid(process_, &status, 0);
  status_ = status;
  return status_;
}

}  // namespace std_shell
