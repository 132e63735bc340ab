#include "runner/trial_child.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <unistd.h>

#include <exception>
#include <utility>

#include "plugin/crash_report.h"
#include "runner/child_start.h"
#include "runner/memory_watch.h"
#include "runner/sandbox.h"

namespace tasker::runner {
namespace {

constexpr std::size_t kMostMessage = 3 * 1024;  // with all else it fits into a pipe at once

int g_verdict = -1;

void note_out_of_memory() {
  static bool is_noted = false;
  if (!std::exchange(is_noted, true)) static_cast<void>(!::write(g_verdict, "M", 1));
}

void arrange_descriptors(int verdict, int output) {
  ::dup2(output, STDOUT_FILENO);
  ::dup2(output, STDERR_FILENO);
  g_verdict = ::fcntl(verdict, F_DUPFD_CLOEXEC, kChildDescriptorsFrom);
  ::close_range(STDERR_FILENO + 1, static_cast<unsigned>(g_verdict) - 1, 0);
  ::close_range(static_cast<unsigned>(g_verdict) + 1, ~0U, 0);
}

void restore_signals() {
  ::signal(SIGCHLD, SIG_DFL);
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

// Thrown further it would unwind the parent's frames, in a process that is not the parent.
Told whatever_it_throws(const TrialBody& body) {
  const std::string code(code_text(Code::internal));
  try {
    return body();
  } catch (const std::exception& thrown) {
    return {.code = code, .message = std::string("it threw: ") + thrown.what()};
  } catch (...) {
    return {.code = code, .message = "it threw what is no std::exception"};
  }
}

}  // namespace

void run_trial(const TrialBody& body, int verdict, int output, pid_t parent) {
  die_with_host();
  if (::getppid() != parent) ::_exit(1);
  ::setpgid(0, 0);
  arrange_descriptors(verdict, output);
  restore_signals();
  plugin::install_crash_report("");
  watch_memory(note_out_of_memory);
  Told found;
  if (const auto entered = enter_probe_sandbox(); !entered)
    found = {.code = std::string(code_text(entered.error().code)), .message = entered.error().message};
  else
    found = whatever_it_throws(body);
  std::string told = found.may_pass ? "L" : "V";
  told += static_cast<char>('0' + found.mark);
  (told += found.code) += '\0';
  (told += found.message.substr(0, kMostMessage)) += '\0';
  static_cast<void>(!::write(g_verdict, told.data(), told.size()));
  // Nothing that the plugin registered to be run at the end is run.
  ::_exit(0);
}

}  // namespace tasker::runner
