// Runs the attempts of one isolated plugin version in children: hands them out, takes their outcomes, and when a child dies,
// ends those that were inside the plugin, gives those that only waited to the next child, and starts that one; too many
// deaths quarantine the plugin, and what waits goes back unspent. submit() comes from [any] thread; everything else happens on the runners' I/O thread.
#pragma once

#include <boost/asio/io_context.hpp>
#include <boost/asio/steady_timer.hpp>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

#include "base/result.h"
#include "engine/ports.h"
#include "plugin/attempt_limits.h"
#include "runner/crash_history.h"
#include "runner/line_rate.h"
#include "runner/process.h"
#include "runner/runner_limits.h"

namespace tasker::runner {

using Done = std::function<void(engine::AttemptOutcome)>;

inline constexpr int kLogLinesEachSecond = 5'000;
inline constexpr std::uint32_t kSlots = 4096;  // attempts that are at children at once; the others wait in the queue

engine::AttemptOutcome ended(model::OutcomeKind kind, Code code, std::string message);
std::uint32_t stop_bits(const engine::AttemptInput& input);

struct RunnerSetup {
  SpawnRequest spawn;
  std::string file, sha256, version, environment, config;
  std::string label;  // "payments/refund 1.2.0"
  plugin::AttemptLimits attempts;
  RunnerLimits limits;
  std::uint32_t workers = 16, async_workers = 2;
  std::chrono::milliseconds start_limit{10'000};  // until the plugin answers: of the process, and what its init() may take
  std::function<void(std::string reason)> on_trouble;  // [io] the plugin was quarantined
};

class Runner final : public Process::Owner, public std::enable_shared_from_this<Runner> {
 public:
  Runner(std::shared_ptr<boost::asio::io_context> io, RunnerSetup setup);
  ~Runner() override;  // on the I/O thread, or when that has ended

  // [any] `done` comes once: on the I/O thread.
  // `lent`: as in messages.h.
  void submit(const engine::AttemptInput& input, Ord lent, Done done);

  // [any] The first child holds the plugin, or why not; on the I/O thread.
  void start(std::function<void(Result<void>)> started);
  std::chrono::milliseconds start_limit() const { return setup_.start_limit; }
  // [any] No attempt enters any more; `ended` comes on the I/O thread, when every child has finished its plugin and is gone.
  void retire(std::function<void()> ended);
  // [any] Every child is killed.
  void kill();
  // [any] For the log, and for the children that are started from now on.
  void rename(const std::string& label, const std::string& version);
  // [any] Ends a quarantine.
  void forget_crashes();

 private:
  struct Pending {
    engine::AttemptInput input;
    Ord lent = 0;
    Done done;
    Process* process = nullptr;  // where it was sent
    std::uint64_t sequence = 0;  // in which it was sent
    Process::Time begun{};       // when it was first known to be inside the plugin
    std::uint32_t stop_sent = 0;
    std::uint64_t token = 0;
    std::size_t bytes = 0;
    int resent = 0;
    bool is_overdue = false;
  };
  using PendingPtr = std::unique_ptr<Pending>;
  struct Slot {
    PendingPtr pending;
    std::uint64_t uses = 0;
  };

  void process_said(Process& process, const Frame& frame) override;
  void process_ended(Process& process) override;

  void take_inbox();
  void dispatch();
  void hand_out();
  bool refuse_all();  // the queue goes back unspent, when nothing of it may run
  Process* usable();
  bool may_send(const Process& process, const Pending& pending) const;
  void send(Process& process, PendingPtr pending);
  void ensure_process();
  void launch();
  void become_ready(Process& process, const Frame& frame);
  // False: no runner says that.
  bool take_outcome(Process& process, const Frame& frame);
  bool log_line(const Frame& frame);
  void answered(Process& process);
  void crashed(Process& process, const std::string& how);
  void settle_attempts_of(Process& process, const std::string& how);
  engine::AttemptOutcome lost(const Process& process, const Pending& pending, const std::string& how) const;
  void quarantine(const std::string& how);
  void first_start(Result<void> result);
  void say_drain(Process& process);
  void tell_when_gone();
  void arm_tick();
  void tick();
  void note_begun(Process::Time now);
  void look_after(Pending& pending, Process::Time now);
  void look_after(Process& process, Process::Time now);
  std::shared_ptr<Process> hold(const Process& process) const;
  bool is_busy() const { return in_flight_ > 0 || !queue_.empty(); }

  // Constant after construction.
  const std::shared_ptr<boost::asio::io_context> io_;
  const RunnerSetup setup_;

  struct Arrived {
    engine::AttemptInput input;
    Ord lent;
    Done done;
  };
  std::mutex mutex_;  // guards the inbox
  std::vector<Arrived> inbox_;
  bool told_ = false;

  // On the I/O thread.
  std::vector<std::shared_ptr<Process>> processes_;
  std::deque<PendingPtr> queue_;
  std::vector<Slot> slots_;
  std::vector<std::uint32_t> free_slots_;
  int in_flight_ = 0;
  std::uint64_t last_sequence_ = 0;
  std::string label_, version_;
  CrashHistory crashes_;
  LineRate log_rate_{kLogLinesEachSecond};  // one thread serves all isolated plugins
  std::string quarantined_;  // why; empty: it is not
  Process::Time give_back_from_{};  // while it is
  bool is_closed_ = false, has_started_ = false;
  std::function<void(Result<void>)> on_started_;
  std::function<void()> on_gone_;
  boost::asio::steady_timer restart_, tick_timer_;
  bool is_restart_due_ = false, ticks_fast_ = false, ticks_ = false;
  Process::Time last_tick_{};
};

}  // namespace tasker::runner
