// Says which plugin and step took the process down: a signal handler that writes one line to stderr and to the log's file,
// and a record for the next host (crash_records.h), before the signal does what it does anyway. The mark of what a thread
// is running is a few words in thread-local memory, because a signal handler may neither allocate nor lock. A signal that
// another process sent says nothing about the plugin that happened to run, and is not blamed on it; nor is the crash of a
// child that a plugin forked, which leaves this process alive.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <string_view>

#include "base/ids.h"

namespace tasker::plugin {

// Before plugins are loaded, and again when the log has moved; for SIGSEGV, SIGBUS, SIGFPE, SIGILL and SIGABRT.
// `log_file`: empty when the log goes to stderr. [any]
void install_crash_report(const std::string& log_file);

// From now on a crash leaves its record in this folder. `process` names this one (base/process_id.h); without a name no
// record is kept. Before plugins are loaded. [any]
void keep_crash_record(const std::filesystem::path& folder, const std::string& process);

// While it lives, this thread runs that plugin's code or reads what the plugin answered; marks may be nested. The texts
// must outlive it. [any]
class CrashMark {
 public:
  // Outside of steps: `place` is as in "in its init()". Such a crash leaves no record, because no step is to blame, but a file
  // `note` with a few words, so that these bytes are not run again (crash_notes.h); empty: none.
  CrashMark(std::string_view plugin, std::string_view place, std::string_view note = {});
  CrashMark(std::string_view plugin, std::string_view step, const Fence& fence, std::uint32_t attempt);
  ~CrashMark();
  CrashMark(const CrashMark&) = delete;
  CrashMark& operator=(const CrashMark&) = delete;

 private:
  friend class CrashTeller;
  std::string_view plugin_;
  std::string_view step_;
  const Fence fence_{};
  const std::uint32_t attempt_ = 0;  // 0: outside of steps, and step_ is the place
  std::string_view note_{};
  const CrashMark* const outer_;
};

}  // namespace tasker::plugin
