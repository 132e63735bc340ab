#include "runner/runner.h"

#include <algorithm>
#include <boost/asio/post.hpp>

#include "base/json.h"
#include "base/log.h"
#include "runner/messages.h"
#include "runner/outcome_check.h"

namespace tasker::runner {
namespace {

namespace asio = boost::asio;

constexpr std::chrono::seconds kGiveBackPause{1};
constexpr std::size_t kMostBytesInFlight = std::size_t{32} << 20;
// The runner cuts what a plugin logs and marks the cut; the words beside the message are names and numbers.
constexpr std::size_t kLogSlack = 64, kLongestLogWord = 1024;

std::size_t bytes_of(const engine::AttemptInput& input) {
  return (input.context ? input.context->size() : 0) + input.inputs.size() + input.checkpoint.size() +
         input.correlation_id.size() + (input.step ? input.step->handler_config.size() : 0) + 1024;
}

}  // namespace

engine::AttemptOutcome ended(model::OutcomeKind kind, Code code, std::string message) {
  engine::AttemptOutcome outcome;
  outcome.kind = kind;
  outcome.code = code_text(code);
  outcome.message = std::move(message);
  return outcome;
}

std::uint32_t stop_bits(const engine::AttemptInput& input) {
  return input.stop ? input.stop->load(std::memory_order_relaxed) : 0;
}

Runner::Runner(std::shared_ptr<asio::io_context> io, RunnerSetup setup)
    : io_(std::move(io)), setup_(std::move(setup)), label_(setup_.label), version_(setup_.version),
      crashes_(setup_.limits.crashes, setup_.limits.crash_window), restart_(*io_),
      tick_timer_(*io_) {
  slots_.resize(kSlots);
  for (std::uint32_t slot = kSlots; slot > 0; --slot) free_slots_.push_back(slot - 1);
}

void Runner::rename(const std::string& label, const std::string& version) {
  asio::post(*io_, [self = shared_from_this(), label, version] {
    self->label_ = label;
    self->version_ = version;
  });
}

Runner::~Runner() {
  for (const auto& process : processes_) process->disown();
}

// ------------------------------------------------------------ attempts in and out

void Runner::submit(const engine::AttemptInput& input, Ord lent, Done done) {
  const std::lock_guard lock(mutex_);
  inbox_.push_back({input, lent, std::move(done)});
  if (!std::exchange(told_, true)) asio::post(*io_, [self = shared_from_this()] { self->take_inbox(); });
}

void Runner::take_inbox() {
  std::vector<Arrived> arrived;
  {
    const std::lock_guard lock(mutex_);
    arrived.swap(inbox_);
    told_ = false;
  }
  for (Arrived& one : arrived) {
    auto pending = std::make_unique<Pending>();
    pending->input = std::move(one.input);
    pending->lent = one.lent;
    pending->done = std::move(one.done);
    queue_.push_back(std::move(pending));
  }
  dispatch();
}

bool Runner::refuse_all() {
  if (!is_closed_ && quarantined_.empty()) return false;
  // Until the engine has heard that nothing runs here it claims on: what comes meanwhile goes back once a second, not at once.
  const auto now = std::chrono::steady_clock::now();
  if (!is_closed_ && now < give_back_from_) return true;
  give_back_from_ = now + kGiveBackPause;
  for (auto queue = std::exchange(queue_, {}); auto& pending : queue)
    pending->done(is_closed_ ? ended(model::OutcomeKind::cancelled, Code::stopping, "plugin " + label_ + " has been stopped")
                             : ended(model::OutcomeKind::cancelled, Code::plugin_quarantined, quarantined_));
  return true;
}

void Runner::dispatch() {
  if (!refuse_all()) hand_out();
  for (const auto& process : processes_) process->flush();
  ensure_process();
  arm_tick();
}

void Runner::hand_out() {
  while (!queue_.empty()) {
    Pending& next = *queue_.front();
    if (bytes_of(next.input) > kMaxHostBody) {
      next.done(ended(model::OutcomeKind::fail, Code::plugin_runner_failed, "the attempt's input is too large to be sent to a runner"));
    } else if (stop_bits(next.input) != 0) {
      next.done(ended(model::OutcomeKind::cancelled, Code::stopping, "it was asked to stop before it began"));
    } else {
      Process* process = usable();
      if (process == nullptr || !may_send(*process, next)) break;
      send(*process, std::move(queue_.front()));
    }
    queue_.pop_front();
  }
}

Process* Runner::usable() {
  const int most = setup_.limits.attempts_per_process;
  for (const auto& process : processes_)
    if (process->state == Process::State::ready && !process->is_ending() && (most == 0 || process->attempts < most)) return process.get();
  return nullptr;
}

bool Runner::may_send(const Process& process, const Pending& pending) const {
  return !free_slots_.empty() &&
         (process.in_flight == 0 || process.in_flight_bytes + bytes_of(pending.input) <= kMostBytesInFlight);
}

void Runner::send(Process& process, PendingPtr pending) {
  const std::uint32_t number = free_slots_.back();
  free_slots_.pop_back();
  Slot& slot = slots_[number];
  pending->token = ++slot.uses << kSlotBits | number;
  pending->process = &process;
  pending->sequence = ++last_sequence_;
  pending->begun = {};
  pending->stop_sent = 0;
  process.board().clear(number);
  pending->bytes = encode_start(process.out(), pending->token, pending->input, pending->lent);
  process.in_flight_bytes += pending->bytes;
  ++process.in_flight;
  ++process.attempts;
  ++in_flight_;
  slot.pending = std::move(pending);
}

void Runner::process_said(Process& process, const Frame& frame) {
  switch (frame.kind) {
    case FrameKind::ready:
      if (process.state == Process::State::starting) return become_ready(process, frame);
      break;
    case FrameKind::outcome:
      if (take_outcome(process, frame)) return;
      break;
    case FrameKind::log:
      if (log_line(frame)) return;
      break;
    default:
      break;
  }
  process.why_killed = "it sent what no runner sends";
  process.kill();
}

bool Runner::take_outcome(Process& process, const Frame& frame) {
  const std::uint32_t number = slot_of(frame.token);
  const auto text = decode_outcome(frame.body);
  if (!text || number >= slots_.size() || frame.token >> kSlotBits > slots_[number].uses) return false;
  // The slot's next user has another token: a second word on an attempt is dropped.
  if (!slots_[number].pending || slots_[number].pending->token != frame.token || slots_[number].pending->process != &process) return true;
  const PendingPtr pending = std::move(slots_[number].pending);
  free_slots_.push_back(number);
  process.in_flight_bytes -= pending->bytes;
  --process.in_flight;
  --in_flight_;
  pending->done(checked_outcome(*text, stop_bits(pending->input), *pending->input.step, setup_.attempts));
  answered(process);
  return true;
}

// One attempt less: there may be room for another, or it was the process's last.
void Runner::answered(Process& process) {
  const int most = setup_.limits.attempts_per_process;
  if (most > 0 && process.attempts >= most && process.in_flight == 0) say_drain(process);
  if (!queue_.empty()) dispatch();
}

bool Runner::log_line(const Frame& frame) {
  const auto line = decode_log(frame.body);
  if (!line || line->message.size() > setup_.attempts.max_log_bytes + kLogSlack) return false;
  for (const std::string_view text : {line->code, line->task, line->step, line->correlation_id})
    if (text.size() > kLongestLogWord) return false;
  if (const long left_out = log_rate_.begin(std::chrono::steady_clock::now()); left_out > 0)
    log_plugin_line(LogLevel::warn, {.plugin = label_}, "(" + std::to_string(left_out) + " lines more were left out)");
  if (!log_rate_.take()) return true;
  const bool has_fields = is_json_object(line->fields, {.max_bytes = setup_.attempts.max_log_bytes});
  log_plugin_line(line->level,
                  {.code = line->code, .task = line->task, .step = line->step, .plugin = label_,
                   .correlation_id = line->correlation_id, .fields = has_fields ? line->fields : std::string_view()},
                  line->message);
  return true;
}

}  // namespace tasker::runner
