// Says which plugin and step took the process down: a signal handler that writes one line to stderr and to the log's file
// before the signal does what it does anyway. The mark of what a thread is running is a few pointers in thread-local
// memory, because a signal handler may neither allocate nor lock.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tasker::plugin {

// Before plugins are loaded, and again when the log has moved; for SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT.
// `log_file`: empty when the log goes to stderr. [any]
void install_crash_report(const std::string& log_file);

// While it lives, this thread runs that plugin's code. The texts must outlive it. [worker]
class CrashMark {
 public:
  CrashMark(std::string_view plugin, std::string_view step, std::string_view task, std::uint32_t attempt);
  ~CrashMark();
  CrashMark(const CrashMark&) = delete;
  CrashMark& operator=(const CrashMark&) = delete;

 private:
  friend void report_crash(int signal);
  std::string_view plugin_;
  std::string_view step_;
  std::string_view task_;
  std::uint32_t attempt_;
};

}  // namespace tasker::plugin
