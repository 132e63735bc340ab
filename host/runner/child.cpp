#include "runner/child.h"

#include <malloc.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <system_error>
#include <thread>

#include "base/log_divert.h"
#include "plugin/apart_call.h"
#include "plugin/crash_report.h"
#include "plugin/dev_version.h"
#include "plugin/loaded_plugin.h"
#include "plugin/manifest.h"
#include "runner/board.h"
#include "runner/child_pool.h"
#include "runner/child_start.h"
#include "runner/death.h"
#include "runner/memory_watch.h"
#include "runner/messages.h"
#include "runner/outbox.h"
#include "runner/sandbox.h"
#include "runner/spawn.h"

namespace tasker::runner {
namespace {

using plugin::LoadedPlugin;

constexpr auto kEndOfAttempts = std::chrono::hours(24);

// Never destroyed: plugin threads and log lines may use them until the process ends.
Outbox* g_outbox = nullptr;
Board* g_board = nullptr;

// As much of a workflow's template as a handler is told.
std::shared_ptr<const model::TaskTemplate> foreign_template(const ForeignStep& foreign) {
  auto made = std::make_shared<model::TaskTemplate>();
  made->namespace_name = foreign.namespace_name;
  made->name = foreign.template_name;
  if (const auto version = Semver::parse(foreign.version)) made->version = *version;
  auto& step = made->steps.emplace_back();
  step.ord = 1;
  step.name = foreign.name;
  step.handler_config = foreign.config;
  for (const auto event : foreign.events) step.custom_events.push_back({std::string(event), ""});
  return made;
}

void send_log_line(LogLevel level, std::string_view message, const LogSubject& about) {
  g_outbox->send([&](std::string& to) {
    encode(to, LogText{.level = level, .message = message, .code = about.code, .task = about.task, .step = about.step,
                       .correlation_id = about.correlation_id, .fields = about.fields});
  });
}

// Of this thread's attempt. Without an initialiser that runs: it is set where nothing may be allocated.
thread_local bool t_ran_out_of_memory = false;

void note_out_of_memory() {
  t_ran_out_of_memory = true;
  g_board->note_out_of_memory();
}

// How the SDK and the host name what a handler threw.
bool says_it_threw(const engine::AttemptOutcome& outcome) {
  return outcome.kind != model::OutcomeKind::ok && (outcome.code == code_text(Code::plugin_threw) || outcome.code == "exception");
}

class Child {
 public:
  Child(int channel, Outbox& outbox) : channel_(channel), outbox_(outbox) {}

  // Until the end of the process, or with why it cannot go on.
  Result<void> run();

 private:
  bool read_frame(Frame& frame);
  Result<void> take_hello();
  Result<void> hold_plugin(const Hello& hello);
  Result<void> start_beats(std::uint32_t every_ms);
  Result<void> start_pools(const Hello& hello);
  Error no_thread(const std::system_error& failure) const;
  void handle(const Frame& frame);
  void start(std::uint64_t token, const Start& start);
  void run_attempt(std::uint64_t token, Ord handler, const engine::AttemptInput& input);
  void stop(std::uint64_t token, std::uint32_t bits);
  void drain();
  void end_attempt(std::uint64_t token, engine::AttemptOutcome outcome);
  void send_outcome(std::uint64_t token, const engine::AttemptOutcome& outcome) {
    outbox_.send([&](std::string& to) { encode_outcome(to, token, outcome); });
  }

  struct Slot {
    std::uint64_t token = 0;
    std::shared_ptr<std::atomic<std::uint32_t>> stop;
  };

  const int channel_;
  Outbox& outbox_;
  FrameReader reader_{kMaxHostBody};
  std::vector<Slot> slots_;  // the reading thread's alone
  std::shared_ptr<LoadedPlugin> plugin_;
  std::shared_ptr<const model::TaskTemplate> definition_;
  std::vector<std::shared_ptr<engine::Handler>> handlers_;
  std::shared_ptr<ChildPool> blocking_, async_;
  std::uint32_t memory_mib_ = 0;
  std::mutex inside_mutex_;
  int inside_ = 0;  // attempts in the plugin; guarded by inside_mutex_
};

Result<void> Child::run() {
  if (const auto taken = take_hello(); !taken) return taken.error();
  for (Frame frame; read_frame(frame);) handle(frame);
  ::_exit(0);
}

// False: the host is gone.
bool Child::read_frame(Frame& frame) {
  for (;;) {
    const auto next = reader_.next(frame);
    if (next == FrameReader::Next::frame) return true;
    if (next == FrameReader::Next::broken) return false;
    const auto space = reader_.space();
    const ssize_t got = ::recv(channel_, space.data(), space.size(), 0);
    if (got > 0)
      reader_.filled(static_cast<std::size_t>(got));
    else if (got == 0 || errno != EINTR)
      return false;
  }
}

Result<void> Child::take_hello() {
  Frame frame;
  if (!read_frame(frame)) ::_exit(0);
  const auto hello = frame.kind == FrameKind::hello ? decode_hello(frame.body) : std::nullopt;
  if (!hello || hello->protocol != kProtocol)
    return make_error(Code::plugin_runner_failed, "the runner does not understand its host's first word; are both of one build?");
  // The host may have died before we asked to die with it.
  if (hello->host_process != ::getppid()) ::_exit(0);
  slots_.resize(std::min(hello->slots, 1u << kSlotBits));
  auto board = Board::open(kBoardDescriptor, static_cast<std::uint32_t>(slots_.size()));
  if (!board) return board.error();
  g_board = new Board(std::move(*board));
  ::close(kBoardDescriptor);
  watch_memory(note_out_of_memory);
  log_divert(send_log_line, hello->log_level);
  plugin::install_crash_report("");
  // Each thread's own arena takes 64 MiB of address space, which is what a limit counts.
  if (hello->memory_mib > 0) ::mallopt(M_ARENA_MAX, 2);
  if (const auto entered = enter_sandbox(*hello); !entered) return entered.error();
  memory_mib_ = hello->memory_mib;
  if (const auto started = start_beats(hello->beat_ms); !started) return started.error();
  if (const auto held = hold_plugin(*hello); !held) return held.error();
  if (const auto started = start_pools(*hello); !started) return started.error();
  outbox_.send([](std::string& to) { encode(to, Ready{.is_ready = true, .code = {}, .message = {}}); });
  return {};
}

Result<void> Child::hold_plugin(const Hello& hello) {
  const std::string file(hello.file);
  auto report = plugin::inspect_file(file, hello.environment);
  if (!report) return report.error();
  if (report->sha256 != hello.sha256)
    return make_error(Code::plugin_untrusted_file, "its private copy " + file + " was altered");
  definition_ = plugin::definition_as(std::string(hello.version), report->definition);
  plugin::LoadRequest request;
  request.file = file;
  request.entry_bytes = report->entry_bytes;
  request.definition = definition_;
  request.source = hello.source;
  request.config = hello.config;
  request.limits = hello.attempts;
  request.attempts = std::make_shared<plugin::AttemptTable>();
  auto loaded = LoadedPlugin::load(request);
  if (!loaded) return loaded.error();
  plugin_ = std::move(*loaded);
  handlers_ = plugin_->handlers();
  return {};
}

// From a thread that does nothing else, but allocates: when the heap is locked for good, silence follows.
Result<void> Child::start_beats(std::uint32_t every_ms) {
  try {
    std::thread([this, every_ms] {
      for (;;) {
        outbox_.send([](std::string& to) { encode_bare(to, FrameKind::beat); });
        std::this_thread::sleep_for(std::chrono::milliseconds(every_ms));
      }
    }).detach();
  } catch (const std::system_error& failure) {
    return no_thread(failure);
  }
  return {};
}

// One thread of each is there from the start: where none can be had, that is said now, and no attempt finds out.
Result<void> Child::start_pools(const Hello& hello) {
  try {
    blocking_ = ChildPool::start(hello.workers);
    async_ = ChildPool::start(hello.async_workers);
  } catch (const std::system_error& failure) {
    return no_thread(failure);
  }
  return {};
}

Error Child::no_thread(const std::system_error& failure) const {
  Error error = plugin::no_thread_error(failure);
  error.message = "its runner cannot work: " + error.message;
  if (memory_mib_ > 0) error.message += ", with the " + std::to_string(memory_mib_) + " MiB of memory that it has (runner.memory_mib)";
  return error;
}

void Child::handle(const Frame& frame) {
  switch (frame.kind) {
    case FrameKind::start:
      if (const auto message = decode_start(frame.body)) return start(frame.token, *message);
      break;
    case FrameKind::stop:
      if (const auto bits = decode_stop(frame.body)) return stop(frame.token, *bits);
      break;
    case FrameKind::level:
      if (const auto level = decode_level(frame.body)) return log_divert(send_log_line, *level);
      break;
    case FrameKind::drain:
      return drain();
    default:
      break;
  }
  ::_exit(1);
}

void Child::start(std::uint64_t token, const Start& start) {
  const std::uint32_t number = slot_of(token);
  const Ord handler = start.lent != 0 ? start.lent : start.ord;
  if (number >= slots_.size() || handler < 1 || static_cast<std::size_t>(handler) > handlers_.size()) ::_exit(1);
  auto input = std::make_shared<engine::AttemptInput>();
  input->fence = {{start.task, start.ord}, start.claim_no};
  input->attempt = start.attempt;
  input->retry_limit = start.retry_limit;
  input->task_id = start.task_id;
  input->idempotency_key = start.idempotency_key;
  input->context = std::make_shared<const std::string>(start.context);
  input->inputs = start.inputs;
  input->correlation_id = start.correlation_id;
  input->traceparent = start.traceparent;
  input->checkpoint = start.checkpoint;
  input->stop = std::make_shared<std::atomic<std::uint32_t>>(0);
  input->definition = start.lent != 0 ? foreign_template(start.foreign) : definition_;
  input->step = start.lent != 0 ? &input->definition->steps.front() : &definition_->step(start.ord);
  slots_[number] = {token, input->stop};
  const bool is_async = handlers_[static_cast<std::size_t>(handler - 1)]->is_async();
  (is_async ? async_ : blocking_)->push([this, token, handler, input = std::move(input)] { run_attempt(token, handler, *input); });
}

void Child::run_attempt(std::uint64_t token, Ord handler, const engine::AttemptInput& input) {
  // Asked to stop before it began: it is handed back unspent.
  if (input.stop->load(std::memory_order_relaxed) != 0) {
    engine::AttemptOutcome outcome;
    outcome.kind = model::OutcomeKind::cancelled;
    return send_outcome(token, outcome);
  }
  {
    // What ran out before has harmed nobody who is here now.
    const std::lock_guard lock(inside_mutex_);
    if (inside_++ == 0) g_board->forget_out_of_memory();
  }
  t_ran_out_of_memory = false;
  g_board->begin(slot_of(token));
  handlers_[static_cast<std::size_t>(handler - 1)]->run(
      input, [this, token](engine::AttemptOutcome outcome) { end_attempt(token, std::move(outcome)); });
}

void Child::end_attempt(std::uint64_t token, engine::AttemptOutcome outcome) {
  if (std::exchange(t_ran_out_of_memory, false) && says_it_threw(outcome)) {
    outcome.kind = model::OutcomeKind::retry;
    outcome.code = code_text(Code::plugin_crashed);
    outcome.message += "; " + ran_out_of_memory_text(static_cast<int>(memory_mib_));
  }
  {
    const std::lock_guard lock(inside_mutex_);
    --inside_;
  }
  send_outcome(token, outcome);
}

void Child::stop(std::uint64_t token, std::uint32_t bits) {
  const std::uint32_t number = slot_of(token);
  if (number < slots_.size() && slots_[number].token == token) slots_[number].stop->fetch_or(bits, std::memory_order_relaxed);
}

// On a thread of its own: attempts may still be inside, and the host may have words for them. Without one they are not heard.
void Child::drain() {
  const auto leave = [this] {
    plugin_->retire(std::chrono::steady_clock::now() + kEndOfAttempts);
    outbox_.flush();
    // Static destructors of code that nobody knows do not run.
    ::_exit(0);
  };
  try {
    std::thread(leave).detach();
  } catch (const std::system_error&) {
    leave();
  }
}

}  // namespace

int run_child() {
  const int channel = begin_child("tasker-runner", "runner", "runs the plugins that the configuration isolates");
  if (channel < 0) return 2;
  g_outbox = new Outbox(channel);
  Child child(channel, *g_outbox);
  const auto ended = child.run();
  g_outbox->send([&](std::string& to) {
    encode(to, Ready{.is_ready = false, .code = code_text(ended.error().code), .message = ended.error().message});
  });
  g_outbox->flush();
  // The host reads it and closes; a thread that the plugin left behind must not keep us.
  ::_exit(0);
}

}  // namespace tasker::runner
