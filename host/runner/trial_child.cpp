#include "runner/trial_child.h"

#include <fcntl.h>
#include <linux/close_range.h>
#include <signal.h>
#include <unistd.h>

#include <exception>
#include <utility>

#include "plugin/crash_report.h"
#include "plugin/loaded_plugin.h"
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

Result<void> open_it(const Probe& probe) {
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
  try {
    return plugin::try_library(request);
  } catch (const std::exception& failure) {
    return make_error(Code::plugin_load_failed, std::string("a constructor of a static object threw: ") + failure.what());
  } catch (...) {
    return make_error(Code::plugin_load_failed, "a constructor of a static object threw what is no std::exception");
  }
}

}  // namespace

void run_trial(const Probe& probe, int verdict, int output, pid_t parent) {
  die_with_host();
  if (::getppid() != parent) ::_exit(1);
  ::setpgid(0, 0);
  arrange_descriptors(verdict, output);
  restore_signals();
  plugin::install_crash_report("");
  watch_memory(note_out_of_memory);
  auto found = enter_probe_sandbox();
  if (found) found = open_it(probe);
  std::string told = "V";
  if (!found && found.error().retry == Retry::later) told = "L";
  if (!found) told += code_text(found.error().code);
  told += '\0';
  if (!found) told += found.error().message.substr(0, kMostMessage);
  told += '\0';
  static_cast<void>(!::write(g_verdict, told.data(), told.size()));
  // Nothing that the library registered to be run at the end is run.
  ::_exit(0);
}

}  // namespace tasker::runner
