#include "runner/death.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

namespace tasker::runner {
namespace {

std::string meaning_of(int signal, bool by_us) {
  switch (signal) {
    case SIGSEGV: return "invalid memory access";
    case SIGBUS: return "access beyond a mapped file";
    case SIGFPE: return "arithmetic fault";
    case SIGILL: return "illegal instruction";
    case SIGABRT: return "abort";
    case SIGSYS: return "a system call that its seccomp profile forbids";
    case SIGKILL: return by_us ? "killed by its host" : "from outside; the kernel sends it when memory runs out";
    default: return "a fatal signal";
  }
}

}  // namespace

std::string ran_out_of_memory_text(int memory_mib) {
  return memory_mib > 0 ? "it had run out of its " + std::to_string(memory_mib) + " MiB of memory" : "it had run out of memory";
}

std::string how_it_ended(const Death& death) {
  std::string text;
  if (WIFSIGNALED(death.status)) {
    const int signal = WTERMSIG(death.status);
    const char* name = ::sigabbrev_np(signal);
    text = "SIG" + std::string(name ? name : std::to_string(signal)) + " (" + meaning_of(signal, death.was_killed_by_us) + ")";
  } else {
    text = "exit with code " + std::to_string(WEXITSTATUS(death.status));
  }
  if (death.ran_out_of_memory) text += ", after " + ran_out_of_memory_text(death.memory_mib);
  return text;
}

}  // namespace tasker::runner
