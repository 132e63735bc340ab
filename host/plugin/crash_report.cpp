#include "plugin/crash_report.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstring>
#include <memory>

namespace tasker::plugin {

namespace {

thread_local const CrashMark* t_mark = nullptr;

int g_log_file = -1;  // opened beforehand

// A handler that overflowed its stack leaves none for the signal handler.
thread_local std::unique_ptr<std::array<char, 32 * 1024>> t_signal_stack;

void give_signal_stack() {
  if (t_signal_stack) return;
  t_signal_stack = std::make_unique<std::array<char, 32 * 1024>>();
  stack_t stack{};
  stack.ss_sp = t_signal_stack->data();
  stack.ss_size = t_signal_stack->size();
  ::sigaltstack(&stack, nullptr);
}

// Puts text together without allocating; what does not fit is left out.
class Line {
 public:
  Line& operator<<(std::string_view text) {
    const std::size_t size = std::min(text.size(), text_.size() - used_);
    std::memcpy(text_.data() + used_, text.data(), size);
    used_ += size;
    return *this;
  }
  Line& operator<<(std::uint32_t number) {
    std::array<char, 10> digits{};
    std::size_t at = digits.size();
    do {
      digits[--at] = static_cast<char>('0' + number % 10);
      number /= 10;
    } while (number > 0);
    return *this << std::string_view(digits.data() + at, digits.size() - at);
  }
  void write() const {
    // What cannot be written cannot be told either.
    if (::write(STDERR_FILENO, text_.data(), used_) < 0 && g_log_file < 0) return;
    if (g_log_file >= 0 && ::write(g_log_file, text_.data(), used_) < 0) return;
  }

 private:
  std::array<char, 1024> text_{};
  std::size_t used_ = 0;
};

std::string_view signal_name(int signal) {
  switch (signal) {
    case SIGSEGV: return "SIGSEGV (invalid memory access)";
    case SIGBUS: return "SIGBUS (access beyond a mapped file)";
    case SIGFPE: return "SIGFPE (arithmetic fault)";
    case SIGILL: return "SIGILL (illegal instruction)";
    case SIGABRT: return "SIGABRT (abort)";
    default: return "a fatal signal";
  }
}

}  // namespace

void report_crash(int signal) {
  if (const CrashMark* mark = t_mark) {
    Line line;
    line << "tasker: " << signal_name(signal) << " in plugin " << mark->plugin_ << ", step " << mark->step_ << " of task "
         << mark->task_ << ", attempt " << mark->attempt_ << "\n";
    line.write();
  }
  // SA_RESETHAND has restored the default: the process ends as it would have, core dump included.
  ::raise(signal);
}

void install_crash_report(const std::string& log_file) {
  const int before = g_log_file;
  g_log_file = log_file.empty() ? -1 : ::open(log_file.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (before >= 0) ::close(before);
  struct sigaction action {};
  action.sa_handler = report_crash;
  action.sa_flags = static_cast<int>(SA_RESETHAND | SA_ONSTACK | SA_NODEFER);
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) ::sigaction(signal, &action, nullptr);
}

CrashMark::CrashMark(std::string_view plugin, std::string_view step, std::string_view task, std::uint32_t attempt)
    : plugin_(plugin), step_(step), task_(task), attempt_(attempt) {
  give_signal_stack();
  t_mark = this;
}

CrashMark::~CrashMark() { t_mark = nullptr; }

}  // namespace tasker::plugin
