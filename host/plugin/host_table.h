// The functions that the host offers to one plugin (tasker_host): log, should_stop, heartbeat, emit, complete. Every
// plugin version has its own table, so that lines and misdeeds have a name. Nothing throws across this border. The
// functions may be called from [any] thread, also with tokens that ended long ago.
#pragma once

#include <atomic>
#include <list>
#include <memory>
#include <string>

#include "plugin/attempt_table.h"
#include "plugin/copied_outcome.h"
#include "plugin/gate.h"
#include "tasker/plugin.h"

namespace tasker::plugin {

class HostTable {
 public:
  // `source` names the plugin in the log: "payments/refund 1.2.0".
  HostTable(std::shared_ptr<AttemptTable> attempts, std::string source, AttemptLimits limits);
  HostTable(const HostTable&) = delete;
  HostTable& operator=(const HostTable&) = delete;

  const tasker_host* table() const { return &table_; }
  AttemptTable& attempts() { return *attempts_; }
  Gate& gate() { return gate_; }
  const Gate& gate() const { return gate_; }
  const std::string& source() const { return *source_.load(std::memory_order_acquire); }
  // [loader] Another name from now on; what logs meanwhile has the old one or the new one.
  void rename(std::string source);
  const AttemptLimits& limits() const { return limits_; }

  // No attempt may enter any more, and those inside are asked to end soon.
  void retire() {
    retire_bits_.store(TASKER_STOP_DRAINING, std::memory_order_relaxed);
    gate_.close();
  }
  // What an attempt is asked to stop for; the caller holds its mutex, or runs it.
  std::uint32_t stop_bits(const RunningAttempt& attempt) const {
    return attempt.stop_bits() | retire_bits_.load(std::memory_order_relaxed);
  }

  // Takes the attempt out: its token is void from here on; `lock` is on its mutex and is released. Gives the outcome,
  // with the events and the checkpoint, to `done`, then the slot back. Called once an attempt.
  void deliver(RunningAttempt& attempt, std::unique_lock<std::mutex> lock, engine::AttemptOutcome outcome);

  // A line about a plugin that broke the contract.
  void misbehaved(const RunningAttempt& attempt, const char* what);
  // It completed an attempt that was over.
  void completed_late();
  std::uint64_t misdeeds() const { return misdeeds_.load(std::memory_order_relaxed); }
  // How often it asked for an extension; every answer was that there is none.
  std::uint64_t extensions_asked() const { return extensions_asked_.load(std::memory_order_relaxed); }

 private:
  struct Calls;  // the C functions of the table

  std::shared_ptr<AttemptTable> attempts_;
  std::list<std::string> names_;  // on the loader's thread but for their texts, which stay where they are
  std::atomic<const std::string*> source_;
  AttemptLimits limits_;
  tasker_host table_;
  Gate gate_;
  std::atomic<std::uint32_t> retire_bits_{0};
  std::atomic<std::uint64_t> misdeeds_{0}, extensions_asked_{0};
};

}  // namespace tasker::plugin
