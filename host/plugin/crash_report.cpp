#include "plugin/crash_report.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cstdlib>
#include <cstring>
#include <memory>

#include "plugin/crash_records.h"
#include "plugin/crash_stack.h"

namespace tasker::plugin {

namespace {

thread_local const CrashMark* t_mark = nullptr;

int g_log_file = -1;  // opened beforehand

// Where the record goes, spelled out beforehand. `spare` is a descriptor that is given up for it when all are in use.
struct RecordPlace {
  std::array<char, 4096> path{}, partial{};  // empty: no record is kept
  std::array<char, 256> process{};
  int spare = -1;
};
RecordPlace g_place;

// The process that installed this. A forked child has the parent's marks and record, and none of its attempts.
std::atomic<pid_t> g_process = 0;

// The thread that tells its crash. Another one that crashes meanwhile waits for the end, which it would else bring too early.
std::atomic<pid_t> g_teller = 0;

// A handler that overflowed its stack leaves none for the signal handler.
using SignalStack = std::array<char, 64 * 1024>;
thread_local std::unique_ptr<SignalStack> t_signal_stack;

void give_signal_stack() {
  if (t_signal_stack) return;
  t_signal_stack = std::make_unique<SignalStack>();
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
  Line& operator<<(std::int64_t number) {
    std::array<char, 20> digits{};
    std::size_t at = digits.size();
    do {
      digits[--at] = static_cast<char>('0' + number % 10);
      number /= 10;
    } while (number > 0);
    return *this << std::string_view(digits.data() + at, digits.size() - at);
  }
  bool write_to(int file) const { return ::write(file, text_.data(), used_) == static_cast<ssize_t>(used_); }

 private:
  std::array<char, 1024> text_{};
  std::size_t used_ = 0;
};

// Nobody may be reading the pipe any more: the process must end all the same.
bool takes_a_line(int file) {
  pollfd ready{file, POLLOUT, 0};
  return ::poll(&ready, 1, 0) == 1 && (ready.revents & POLLOUT) != 0;
}

struct SignalName {
  std::string_view name, meaning;
};

SignalName name_of(int signal) {
  switch (signal) {
    case SIGSEGV: return {"SIGSEGV", "invalid memory access"};
    case SIGBUS: return {"SIGBUS", "access beyond a mapped file"};
    case SIGFPE: return {"SIGFPE", "arithmetic fault"};
    case SIGILL: return {"SIGILL", "illegal instruction"};
    case SIGABRT: return {"SIGABRT", "abort"};
    case 0: return {"exit", "the plugin ended the process"};
    default: return {"a fatal signal", "unknown"};
  }
}

// Raised by what this thread did, or by abort() and raise() in it.
bool is_own(const siginfo_t& info) {
  return info.si_code > 0 || (info.si_code == SI_TKILL && info.si_pid == ::getpid());
}

bool copy_text(std::array<char, 4096>& to, const std::string& text) {
  if (text.size() >= to.size()) return false;
  std::memcpy(to.data(), text.c_str(), text.size() + 1);
  return true;
}

}  // namespace

// What is written; nothing here may allocate or lock.
class CrashTeller {
 public:
  static void tell(const CrashMark& mark, int signal, const void* context) {
    const bool is_in_step = mark.attempt_ > 0;
    const SignalName name = name_of(signal);
    if (is_in_step && context) keep_record(mark, signal);
    if (!is_in_step) leave_note(mark, name);
    Line line;
    line << "tasker: " << name.name << " (" << name.meaning << ") in plugin " << mark.plugin_ << ", ";
    if (is_in_step)
      line << "step " << mark.step_ << " of task " << raw(mark.fence_.step.task) << ", attempt " << mark.attempt_ << "\n";
    else
      line << mark.step_ << "\n";
    write_everywhere(line);
    // Last, because a stack that was written over may end this too.
    if (context) tell_crash_stack(context, [](std::string_view frame) {
      Line told;
      told << "tasker: " << frame << "\n";
      write_everywhere(told);
    });
  }

 private:
  // What cannot be written cannot be told either.
  static void write_everywhere(const Line& line) {
    if (takes_a_line(STDERR_FILENO)) static_cast<void>(line.write_to(STDERR_FILENO));
    if (g_log_file >= 0 && takes_a_line(g_log_file)) static_cast<void>(line.write_to(g_log_file));
  }

  static void leave_note(const CrashMark& mark, const SignalName& name) {
    std::array<char, 4096> path{};
    if (mark.note_.empty() || mark.note_.size() >= path.size()) return;
    std::memcpy(path.data(), mark.note_.data(), mark.note_.size());
    if (g_place.spare >= 0) ::close(g_place.spare);
    const int file = ::open(path.data(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0) return;
    Line line;
    line << name.name << " (" << name.meaning << ") " << mark.step_ << "\n";
    static_cast<void>(line.write_to(file));
    ::close(file);
  }

  // Under another name first, so that whoever reads it finds all of it.
  static void keep_record(const CrashMark& mark, int signal) {
    const RecordPlace& place = g_place;
    if (place.path[0] == 0) return;
    if (place.spare >= 0) ::close(place.spare);
    const int file = ::open(place.partial.data(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (file < 0) return;
    Line line;
    line << std::string_view(place.process.data()) << "\t" << raw(mark.fence_.step.task) << "\t" << mark.fence_.step.ord << "\t"
         << mark.fence_.claim_no << "\t" << name_of(signal).name << "\t" << mark.plugin_ << "\t" << mark.step_ << "\n";
    const bool whole = line.write_to(file);
    ::close(file);
    if (!whole || ::rename(place.partial.data(), place.path.data()) != 0) ::unlink(place.partial.data());
  }
};

namespace {

void tell_once(int signal, const siginfo_t& info, const void* context) {
  pid_t nobody = 0;
  const pid_t self = ::gettid();
  if (g_teller.compare_exchange_strong(nobody, self)) {
    if (const CrashMark* mark = t_mark; mark && is_own(info)) CrashTeller::tell(*mark, signal, context);
  } else if (nobody != self) {
    for (;;) ::pause();
  }
}

void report_crash(int signal, siginfo_t* info, void* context) {
  if (::getpid() == g_process) tell_once(signal, *info, context);
  // The process ends as it would have, core dump included.
  ::signal(signal, SIG_DFL);
  ::raise(signal);
}

// Whoever called exit() did it on this thread.
void report_exit() {
  pid_t nobody = 0;
  if (::getpid() != g_process || t_mark == nullptr || !g_teller.compare_exchange_strong(nobody, ::gettid())) return;
  CrashTeller::tell(*t_mark, 0, nullptr);
}

}  // namespace

void install_crash_report(const std::string& log_file) {
  g_process = ::getpid();
  prepare_crash_stack();
  static const bool is_told_of_exits = std::atexit(report_exit) == 0;
  static_cast<void>(is_told_of_exits);
  const int before = g_log_file;
  g_log_file = log_file.empty() ? -1 : ::open(log_file.c_str(), O_WRONLY | O_APPEND | O_CLOEXEC);
  if (before >= 0) ::close(before);
  struct sigaction action {};
  action.sa_sigaction = report_crash;
  action.sa_flags = static_cast<int>(SA_SIGINFO | SA_ONSTACK | SA_NODEFER);
  for (const int signal : {SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGABRT}) ::sigaction(signal, &action, nullptr);
}

void keep_crash_record(const std::filesystem::path& folder, const std::string& process) {
  RecordPlace place;
  const auto path = (std::filesystem::absolute(folder) / crash_record_name(process)).string();
  if (process.empty() || process.size() >= place.process.size()) return;
  if (!copy_text(place.path, path) || !copy_text(place.partial, path + ".part")) return;
  std::memcpy(place.process.data(), process.c_str(), process.size() + 1);
  place.spare = g_place.spare >= 0 ? g_place.spare : ::open("/dev/null", O_RDONLY | O_CLOEXEC);
  g_place = place;
}

CrashMark::CrashMark(std::string_view plugin, std::string_view step, const Fence& fence, std::uint32_t attempt)
    : plugin_(plugin), step_(step), fence_(fence), attempt_(attempt), outer_(t_mark) {
  give_signal_stack();
  t_mark = this;
}

CrashMark::CrashMark(std::string_view plugin, std::string_view place, std::string_view note) : CrashMark(plugin, place, {}, 0) {
  note_ = note;
}

CrashMark::~CrashMark() { t_mark = outer_; }

}  // namespace tasker::plugin
