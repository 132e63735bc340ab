#include "app/child_process.h"

#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>

#include <spdlog/fmt/fmt.h>

namespace tasker::app {
namespace {

constexpr std::size_t kMaxOutput = 64 * 1024;
constexpr int kCannotStart = 127;
constexpr auto kKillDeadline = std::chrono::seconds(5);

struct Pipe {
  int read_end = -1;
  int write_end = -1;
  bool open() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) return false;
    read_end = ends[0];
    write_end = ends[1];
    return true;
  }
  static void close_end(int& end) {
    if (end >= 0) ::close(end);
    end = -1;
  }
  ~Pipe() {
    close_end(read_end);
    close_end(write_end);
  }
};

[[noreturn]] void die_in_child(const char* what) {
  const char* reason = ::strerrordesc_np(errno);
  (void)!::write(STDERR_FILENO, what, std::strlen(what));
  (void)!::write(STDERR_FILENO, ": ", 2);
  if (reason != nullptr) (void)!::write(STDERR_FILENO, reason, std::strlen(reason));
  (void)!::write(STDERR_FILENO, "\n", 1);
  ::_exit(kCannotStart);
}

// Only async-signal-safe calls: other threads may hold any lock at the moment of the fork.
[[noreturn]] void become(const Command& command, char* const* argv, char* const* env, int input, int output,
                         pid_t parent) {
  for (int signal = 1; signal < 32; ++signal) ::signal(signal, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
  if (::dup2(input, STDIN_FILENO) < 0 || ::dup2(output, STDOUT_FILENO) < 0 || ::dup2(output, STDERR_FILENO) < 0)
    ::_exit(kCannotStart);
  if (command.own_session) ::setsid();
  if (command.account) {
    if (::setgroups(0, nullptr) != 0 || ::setgid(command.account->gid) != 0 || ::setuid(command.account->uid) != 0)
      die_in_child("cannot become the account");
  }
  if (command.signal_on_parent_death != 0) {
    // After setuid, which clears it. The parent may have died before this line: then nobody would tell us.
    ::prctl(PR_SET_PDEATHSIG, command.signal_on_parent_death);
    if (::getppid() != parent) ::_exit(kCannotStart);
  }
  if (::chdir(command.directory.c_str()) != 0) die_in_child("cannot enter the folder");
  ::umask(077);
  ::execve(argv[0], argv, env);
  die_in_child(argv[0]);
}

Result<pid_t> fork_and_exec(const Command& command, int input, int output) {
  std::vector<char*> argv;
  for (const auto& word : command.argv) argv.push_back(const_cast<char*>(word.c_str()));
  argv.push_back(nullptr);
  std::string home = "HOME=" + (command.account ? command.account->home : std::string("/"));
  std::string path = "PATH=/usr/local/bin:/usr/bin:/bin:/usr/local/sbin:/usr/sbin:/sbin";
  std::string locale = "LANG=C.UTF-8";
  char* env[] = {home.data(), path.data(), locale.data(), nullptr};
  const pid_t parent = ::getpid();
  const pid_t child = ::fork();
  if (child == 0) become(command, argv.data(), env, input, output, parent);
  if (child < 0)
    return make_error(Code::internal, fmt::format("cannot start {}: {}", command.argv[0], std::strerror(errno)));
  return child;
}

int exit_code_of(int status) {
  return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

void wait_for(pid_t child, int& status) {
  while (::waitpid(child, &status, 0) < 0 && errno == EINTR) {
  }
}

enum class Drained { whole, late, cancelled };

// Reads until the end of the output, the deadline, or a word on `cancel`.
Drained drain(int from, int cancel, std::string& into, std::chrono::steady_clock::time_point until) {
  char buffer[4096];
  for (;;) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(until - std::chrono::steady_clock::now());
    if (left.count() <= 0) return Drained::late;
    pollfd waiting[] = {{from, POLLIN, 0}, {cancel, POLLIN, 0}};
    const int ready = ::poll(waiting, cancel < 0 ? 1 : 2, static_cast<int>(left.count()));
    if (ready < 0 && errno != EINTR) return Drained::late;
    if (ready <= 0) continue;
    if (waiting[1].revents != 0) return Drained::cancelled;
    const ssize_t got = ::read(from, buffer, sizeof buffer);
    if (got == 0) return Drained::whole;
    if (got > 0 && into.size() < kMaxOutput) into.append(buffer, static_cast<std::size_t>(got));
  }
}

// What the child has started goes with it: only when the last of them is dead does its output end.
void end_all_of(const Command& command, pid_t child, int output) {
  if (command.own_session) ::kill(-child, SIGKILL);
  ::kill(child, SIGKILL);
  std::string ignored;
  (void)drain(output, -1, ignored, std::chrono::steady_clock::now() + kKillDeadline);
}

}  // namespace

Result<pid_t> spawn(const Command& command, int output_fd) {
  const int nothing = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  auto child = fork_and_exec(command, nothing, output_fd);
  ::close(nothing);
  return child;
}

Result<Finished> run(const Command& command, std::chrono::milliseconds deadline) {
  const auto until = std::chrono::steady_clock::now() + deadline;
  Pipe input, output;
  if (!input.open() || !output.open() || command.input.size() > kMaxOutput)
    return make_error(Code::internal, fmt::format("cannot start {}: {}", command.argv[0], std::strerror(errno)));
  (void)!::write(input.write_end, command.input.data(), command.input.size());  // fits the pipe: never blocks
  auto child = fork_and_exec(command, input.read_end, output.write_end);
  if (!child) return child.error();
  Pipe::close_end(input.write_end);
  Pipe::close_end(output.write_end);

  Finished finished;
  const auto drained = drain(output.read_end, command.cancel_fd, finished.output, until);
  if (drained != Drained::whole) end_all_of(command, *child, output.read_end);
  int status = 0;
  wait_for(*child, status);
  finished.exit_code = exit_code_of(status);
  if (drained == Drained::cancelled)
    return make_error(Code::command_interrupted, fmt::format("{} was interrupted", command.argv[0]));
  if (drained == Drained::late)
    return make_error(Code::timed_out, fmt::format("{} did not end within {} ms and was killed. It printed: {}",
                                                   command.argv[0], deadline.count(), finished.output));
  return finished;
}

}  // namespace tasker::app
