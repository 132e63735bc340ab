// A runner's children: how they come, are looked after, and go.
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <boost/asio/post.hpp>
#include <filesystem>

#include "base/log.h"
#include "runner/messages.h"
#include "runner/runner.h"

namespace tasker::runner {
namespace {

namespace asio = boost::asio;
using model::OutcomeKind;
using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

constexpr auto kLeavePatience = std::chrono::seconds(30);  // without attempts
constexpr milliseconds kFastTick{100}, kSlowTick{1'000};
constexpr int kMostResends = 3;  // then it counts as what took its runners down

LogLevel own_log_level() {
  auto level = LogLevel::trace;
  while (level != LogLevel::off && !log_enabled(level)) level = static_cast<LogLevel>(static_cast<int>(level) + 1);
  return level;
}

std::string seconds_text(std::chrono::seconds time) { return std::to_string(time.count()) + " s"; }

}  // namespace

// ------------------------------------------------------------ children come

void Runner::start(std::function<void(Result<void>)> started) {
  asio::post(*io_, [self = shared_from_this(), started = std::move(started)]() mutable {
    self->on_started_ = std::move(started);
    self->launch();
  });
}

void Runner::ensure_process() {
  if (is_closed_ || !has_started_ || !quarantined_.empty() || is_restart_due_ || usable() != nullptr) return;
  const bool is_coming = std::any_of(processes_.begin(), processes_.end(),
                                     [](const auto& process) { return process->state == Process::State::starting; });
  // With an end to each process's attempts there may be as many as handlers that block, and the next one ahead of time.
  const std::size_t most = setup_.limits.attempts_per_process > 0 ? setup_.workers + 1 : 2;
  // What one that is ending died of is known soon, and says how long to wait.
  const bool is_going = std::any_of(processes_.begin(), processes_.end(), [](const auto& process) {
    return process->is_ending() && process->state != Process::State::leaving;
  });
  if (is_coming || is_going || processes_.size() >= most) return;
  const milliseconds pause = crashes_.pause();
  if (pause.count() == 0) return launch();
  is_restart_due_ = true;
  restart_.expires_after(pause);
  restart_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (error || !self) return;
    self->is_restart_due_ = false;
    if (!self->is_closed_ && self->quarantined_.empty()) self->launch();
  });
}

void Runner::launch() {
  // A cleaner of temporary folders may have taken it.
  std::error_code ignored;
  std::filesystem::create_directories(setup_.spawn.folder, ignored);
  const auto process = Process::start(*io_, {.spawn = setup_.spawn, .label = label_, .slots = kSlots,
                                             .max_body = max_runner_body(setup_.attempts),
                                             .memory_mib = setup_.limits.memory_mib}, *this);
  if (!process) {
    crashes_.note_failed_start();
    log_failure(LogLevel::error, process.error(), "plugin {}: {}", label_);
    if (!has_started_) return first_start(process.error());
    return ensure_process();
  }
  Hello hello;
  hello.host_process = ::getpid();
  hello.file = setup_.file;
  hello.sha256 = setup_.sha256;
  hello.version = version_;
  hello.environment = setup_.environment;
  hello.source = label_;
  hello.config = setup_.config;
  hello.attempts = setup_.attempts;
  hello.workers = setup_.workers;
  hello.async_workers = setup_.async_workers;
  hello.slots = kSlots;
  hello.beat_ms = static_cast<std::uint32_t>(milliseconds(setup_.limits.silence).count() / 4);
  hello.memory_mib = static_cast<std::uint32_t>(setup_.limits.memory_mib);
  hello.files = static_cast<std::uint32_t>(setup_.limits.files);
  hello.seccomp = setup_.limits.seccomp;
  hello.log_level = (*process)->level = own_log_level();
  encode((*process)->out(), hello);
  (*process)->flush();
  processes_.push_back(*process);
  arm_tick();
}

void Runner::become_ready(Process& process, const Frame& frame) {
  const auto ready = decode_ready(frame.body);
  if (ready && ready->is_ready) {
    process.state = Process::State::ready;
    log_debug("plugin {}: its runner {} is ready", label_, process.id());
    first_start({});
    if (is_closed_) return say_drain(process);
    return dispatch();
  }
  const auto code = ready ? code_from_text(ready->code) : std::nullopt;
  process.why_killed = ready ? std::string(ready->message) : "it did not answer as a runner";
  const bool may_pass = code == Code::no_thread;
  first_start(make_error(code.value_or(Code::plugin_runner_failed), process.why_killed, may_pass ? Retry::later : Retry::never));
  process.kill();
}

void Runner::first_start(Result<void> result) {
  if (std::exchange(has_started_, true)) return;
  if (!result) is_closed_ = true;
  if (on_started_) std::exchange(on_started_, nullptr)(std::move(result));
}

// ------------------------------------------------------------ children go

std::shared_ptr<Process> Runner::hold(const Process& process) const {
  for (const auto& held : processes_)
    if (held.get() == &process) return held;
  return nullptr;
}

void Runner::process_ended(Process& process) {
  const auto held = hold(process);
  std::erase(processes_, held);
  const std::string how = how_it_ended(process.death());
  // Told to end, and did: what happens in fini() is said, and costs no attempt.
  const bool is_told = process.state == Process::State::leaving || (is_closed_ && process.in_flight == 0);
  if (!is_told) {
    crashed(process, how);
  } else if (process.death().status != 0 && process.why_killed.empty()) {
    log_warn("plugin {}: its runner did not end well: {}", label_, how);
  }
  settle_attempts_of(process, how);
  tell_when_gone();
  dispatch();
}

void Runner::crashed(Process& process, const std::string& how) {
  const auto now = Steady::now();
  crashes_.note(now, std::chrono::duration_cast<milliseconds>(now - process.started()));
  const std::string why = process.why_killed.empty() ? how : process.why_killed;
  if (!has_started_) {
    // A kill from this side or from outside proves nothing against these bytes.
    const int status = process.death().status;
    const Code code = !process.why_killed.empty()                          ? Code::plugin_init_failed
                      : WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL ? Code::plugin_runner_failed
                                                                           : Code::plugin_crashed;
    return first_start(make_error(code, "its runner ended while it loaded the plugin: " + why));
  }
  log_about(LogLevel::error, {.code = code_text(Code::plugin_crashed), .plugin = label_},
            "plugin {}: its runner {} ended: {}; {} attempts were sent to it", label_, process.id(), why, process.in_flight);
  if (quarantined_.empty() && crashes_.is_too_much(now)) quarantine(why);
}

void Runner::settle_attempts_of(Process& process, const std::string& how) {
  const bool has_culprit = std::any_of(slots_.begin(), slots_.end(), [&, number = std::uint32_t{0}](const Slot& slot) mutable {
    const std::uint32_t mine = number++;
    return slot.pending && slot.pending->process == &process && (slot.pending->is_overdue || process.board().has_begun(mine));
  });
  for (std::uint32_t number = kSlots; number-- > 0;) {  // from the back, so that they return to the queue in their order
    Slot& slot = slots_[number];
    if (!slot.pending || slot.pending->process != &process) continue;
    PendingPtr pending = std::move(slot.pending);
    free_slots_.push_back(number);
    --in_flight_;
    const bool was_inside = pending->is_overdue || process.board().has_begun(number);
    // With nobody inside, something that was sent must have taken it down.
    if (!was_inside && !has_culprit) ++pending->resent;
    if (was_inside || pending->resent > kMostResends) {
      pending->done(lost(process, *pending, how));
    } else {
      pending->process = nullptr;
      queue_.push_front(std::move(pending));
    }
  }
}

engine::AttemptOutcome Runner::lost(const Process& process, const Pending& pending, const std::string& how) const {
  if (pending.is_overdue)
    return ended(OutcomeKind::retry, Code::plugin_timeout,
                 "the attempt ran longer than the " + seconds_text(setup_.limits.attempt) + " that it may; its runner was killed");
  if (process.was_silent)
    return ended(OutcomeKind::retry, Code::plugin_timeout, "its runner was killed: " + process.why_killed);
  if (!process.why_killed.empty())
    return ended(OutcomeKind::retry, Code::plugin_crashed, "its runner was killed: " + process.why_killed);
  return ended(OutcomeKind::retry, Code::plugin_crashed, "the plugin's runner ended while the attempt was in it: " + how);
}

void Runner::quarantine(const std::string& how) {
  quarantined_ = "its runner ended " + std::to_string(setup_.limits.crashes) + " times within " +
                 std::to_string(setup_.limits.crash_window.count()) + " minutes, at last by " + how;
  give_back_from_ = {};
  if (setup_.on_trouble) setup_.on_trouble(quarantined_);
}

void Runner::forget_crashes() {
  asio::post(*io_, [self = shared_from_this()] {
    self->quarantined_.clear();
    self->crashes_.forget();
    self->dispatch();
  });
}

void Runner::say_drain(Process& process) {
  if (process.state == Process::State::leaving) return;
  process.state = Process::State::leaving;
  process.told_to_leave = Steady::now();
  encode_bare(process.out(), FrameKind::drain);
  process.flush();
}

void Runner::retire(std::function<void()> gone) {
  asio::post(*io_, [self = shared_from_this(), gone = std::move(gone)]() mutable {
    self->is_closed_ = true;
    self->on_gone_ = std::move(gone);
    self->restart_.cancel();
    self->refuse_all();
    for (const auto& process : self->processes_) {
      if (process->state == Process::State::ready) {
        self->say_drain(*process);
      } else if (process->state == Process::State::starting) {
        process->why_killed = "it is not needed any more";
        process->kill();
      }
    }
    self->tell_when_gone();
  });
}

void Runner::kill() {
  asio::post(*io_, [self = shared_from_this()] {
    self->is_closed_ = true;
    self->first_start(make_error(Code::stopping, "the host did not wait for its init()", Retry::later));
    for (const auto& process : self->processes_) {
      if (process->why_killed.empty()) process->why_killed = "the host did not wait for it any longer";
      process->kill();
    }
    self->refuse_all();
  });
}

void Runner::tell_when_gone() {
  if (!processes_.empty() || !is_closed_) return;
  tick_timer_.cancel();
  if (on_gone_) std::exchange(on_gone_, nullptr)();
}

// ------------------------------------------------------------ looking after them

void Runner::arm_tick() {
  if (processes_.empty() && !is_busy()) return;
  if (ticks_ && (ticks_fast_ || !is_busy())) return;
  ticks_ = true;
  ticks_fast_ = is_busy();
  if (last_tick_ == Process::Time{}) last_tick_ = Steady::now();
  tick_timer_.expires_after(ticks_fast_ ? kFastTick : kSlowTick);
  tick_timer_.async_wait([weak = weak_from_this()](const boost::system::error_code& error) {
    const auto self = weak.lock();
    if (!error && self) self->tick();
  });
}

void Runner::tick() {
  ticks_ = false;
  const auto now = Steady::now();
  // This process stood still: the children had nobody to talk to.
  const bool we_slept = now - last_tick_ > kSlowTick * 3;
  last_tick_ = now;
  for (const auto& process : processes_)
    if (we_slept) process->excuse_silence(now);
  if (in_flight_ > 0) {
    note_begun(now);
    for (Slot& slot : slots_)
      if (slot.pending) look_after(*slot.pending, now);
  }
  // It may have changed by SIGHUP.
  const LogLevel level = own_log_level();
  for (const auto& process : std::vector(processes_)) {
    if (std::exchange(process->level, level) != level) encode_level(process->out(), level);
    process->flush();
    look_after(*process, now);
  }
  dispatch();
}

// What is in the plugin. The board says it, where the plugin may write; so those that must be inside, because a thread is free for
// them whatever those do that were sent before, count as begun whatever it says.
void Runner::note_begun(Process::Time now) {
  if (setup_.limits.attempt.count() == 0) return;
  const std::size_t certain = std::max(1u, std::min(setup_.workers, setup_.async_workers));
  for (const auto& process : processes_) {
    std::vector<Pending*> sent;
    for (Slot& slot : slots_)
      if (slot.pending && slot.pending->process == process.get()) sent.push_back(slot.pending.get());
    const auto oldest = sent.begin() + static_cast<std::ptrdiff_t>(std::min(certain, sent.size()));
    std::partial_sort(sent.begin(), oldest, sent.end(), [](const Pending* a, const Pending* b) { return a->sequence < b->sequence; });
    for (auto each = sent.begin(); each != sent.end(); ++each) {
      Pending& pending = **each;
      if (pending.begun == Process::Time{} && (each < oldest || process->board().has_begun(slot_of(pending.token)))) pending.begun = now;
    }
  }
}

void Runner::look_after(Pending& pending, Process::Time now) {
  Process& process = *pending.process;
  if (const std::uint32_t bits = stop_bits(pending.input); bits != pending.stop_sent) {
    encode_stop(process.out(), pending.token, bits);
    pending.stop_sent = bits;
  }
  if (setup_.limits.attempt.count() == 0 || pending.is_overdue) return;
  if (pending.begun == Process::Time{} || now - pending.begun < setup_.limits.attempt) return;
  pending.is_overdue = true;
  process.why_killed = "an attempt of step " + pending.input.step->name + " of task " + pending.input.task_id +
                       " ran longer than the " + seconds_text(setup_.limits.attempt) + " that it may";
  process.kill();
}

void Runner::look_after(Process& process, Process::Time now) {
  if (process.state == Process::State::starting) {
    if (now - process.started() < setup_.start_limit) return;
    process.why_killed = "it did not load its plugin within " + std::to_string(setup_.start_limit.count()) + " ms (plugins.init_seconds)";
    return process.kill();
  }
  if (process.state == Process::State::leaving && process.in_flight == 0 && now - process.told_to_leave > kLeavePatience) {
    process.why_killed = "it did not end within " + seconds_text(kLeavePatience) + " of being told to, in drain() or fini()";
    log_warn("plugin {}: its runner {} is killed: {}", label_, process.id(), process.why_killed);
    return process.kill();
  }
  if (now - process.last_heard() < setup_.limits.silence) return;
  process.was_silent = true;
  process.why_killed = "it gave no sign of life for " + std::to_string(setup_.limits.silence.count()) + " s";
  process.kill();
}

}  // namespace tasker::runner
