#include "engine/completer.h"

#include <algorithm>

#include "base/log.h"
#include "engine/backoff.h"
#include "engine/claimer.h"
#include "engine/dispatcher.h"

namespace tasker::engine {

namespace {
// What comes while a call is under way makes the next batch the fuller: with a second call ready behind it, each step
// waited for two commits (p50 at half load 39 ms instead of 30).
constexpr int kCallsPerWriter = 1;
// A task that comes back later than this is not kept in the working set: 100,000 of them took 28 MiB.
constexpr Millis kLongestRemembered{10'000};
// Between repetitions of a call: the first, the longest, and the longest of one that the database refuses.
constexpr Millis kFirstPause{50};
constexpr Millis kLongestPause{2'000};
constexpr Millis kLongestRefusedPause{30'000};
constexpr int kRefusalsOfOne = 5;

// Says in the place of an outcome that the database refuses why its step ended.
std::shared_ptr<const CompleteRequest> stand_in(const CompleteRequest& refused, const Error& error) {
  const FinishedAttempt& was = refused.attempts.front();
  FinishedAttempt attempt;
  attempt.fence = was.fence;
  attempt.kind = model::OutcomeKind::fail;
  attempt.code = code_text(error.code);
  const std::string kind(model::outcome_text(was.kind));
  attempt.message = "the outcome '" + kind + "' of this attempt cannot be written: " + error.message;
  attempt.ran = was.ran;
  attempt.ended = was.ended;
  return std::make_shared<CompleteRequest>(CompleteRequest{refused.host, {std::move(attempt)}, 0, refused.plugins});
}

}  // namespace

Completer::Completer(Core& core)
    : core_(core),
      writers_(static_cast<std::size_t>(core.store.writers())) {}

void Completer::connect(Dispatcher& dispatcher, Claimer& claimer) {
  dispatcher_ = &dispatcher;
  claimer_ = &claimer;
}

void Completer::add(FinishedAttempt attempt) {
  const auto lane = raw(attempt.fence.step.task) % core_.store.lanes();
  writers_[static_cast<std::size_t>(lane) % writers_.size()].due.push_back(std::move(attempt));
  ++waiting_;
}

void Completer::flush() {
  for (std::size_t writer = 0; writer < writers_.size(); ++writer) send_due(writer);
}

void Completer::send_due(std::size_t index) {
  Writer& writer = writers_[index];
  while (writer.under_way < kCallsPerWriter && !writer.due.empty()) {
    auto request = std::make_shared<CompleteRequest>();
    request->host = core_.host;
    const auto limit = static_cast<std::size_t>(core_.options.max_batch);
    if (writer.due.size() <= limit) {
      request->attempts.swap(writer.due);
    } else {
      const auto end = writer.due.begin() + static_cast<std::ptrdiff_t>(limit);
      request->attempts.assign(std::make_move_iterator(writer.due.begin()), std::make_move_iterator(end));
      writer.due.erase(writer.due.begin(), end);
    }
    std::sort(request->attempts.begin(), request->attempts.end(),
              [](const FinishedAttempt& a, const FinishedAttempt& b) { return a.fence < b.fence; });
    // Each recorded outcome frees the place for one child; only a step with more takes of the free room.
    const auto size = static_cast<int>(request->attempts.size());
    int children = 0;
    for (const FinishedAttempt& attempt : request->attempts) children += attempt.children;
    const int extra = std::clamp(children - size, 0, core_.room.free());
    request->room = core_.room.closed() ? 0 : size + extra;
    request->plugins = core_.plugins();
    core_.room.reserve(extra);
    ++writer.under_way;
    send({index, std::move(request), extra, kFirstPause});
  }
}

void Completer::send(Call call) {
  core_.stats.complete_calls.fetch_add(1, std::memory_order_relaxed);
  const SteadyTime sent = core_.executor.now();
  core_.store.complete(call.request, core_.on_strand<CompleteAnswer>([this, call, sent](Result<CompleteAnswer> answer) {
    if (answer.has_value()) {
      core_.stats.batch_size.observe(static_cast<double>(call.request->attempts.size()));
      core_.stats.commit_time.observe(std::chrono::duration<double>(core_.executor.now() - sent).count());
      --writers_[call.writer].under_way;
      send_due(call.writer);  // first: the connection hardly waits for the strand
      core_.room.unreserve(call.reserved);
      if (call.refused) stood_in(call.request->attempts.front());
      handle(*call.request, std::move(answer.value()));
      claimer_->kick();
      return;
    }
    const std::weak_ptr<int> life = core_.life;
    core_.on_error(answer.error());
    // Nothing is repeated in the name of the dead: the next life would take the refusal for its own death.
    if (life.expired() || answer.error().code == Code::host_dead) return;
    if (answer.error().retry == Retry::never) return refused(call, answer.error());
    // The same fences again: whether or not the lost call was committed, the answer is the same.
    Call again = call;
    again.retry_in = std::min(call.retry_in * 2, kLongestPause);
    send_later(std::move(again), jittered(call.retry_in));
  }));
}

void Completer::send_later(Call call, Micros pause) {
  core_.executor.call_at(core_.executor.now() + pause, [this, life = std::weak_ptr<int>(core_.life), call = std::move(call)] {
    if (!life.expired()) send(call);
  });
}

// Not merely unanswered: the database may say so for ever. Halved until what it refuses stands alone.
void Completer::refused(Call call, const Error& error) {
  core_.room.unreserve(std::exchange(call.reserved, 0));
  const auto& attempts = call.request->attempts;
  if (attempts.size() == 1) {
    refused_alone(call, error);
  } else {
    --writers_[call.writer].under_way;
    const auto middle = attempts.begin() + static_cast<std::ptrdiff_t>(attempts.size() / 2);
    for (const auto& [from, to] : {std::pair(attempts.begin(), middle), std::pair(middle, attempts.end())}) {
      auto part = std::make_shared<CompleteRequest>(CompleteRequest{call.request->host, {from, to}, 0, call.request->plugins});
      part->room = std::min(call.request->room, static_cast<int>(part->attempts.size()));
      ++writers_[call.writer].under_way;
      send({call.writer, std::move(part), 0, kFirstPause});
    }
  }
  send_due(call.writer);
}

// Tried again seldom and beside the other batches, so that it holds up nothing but itself. When the database writes another
// outcome of the same attempt, it is this one that it cannot hold.
void Completer::refused_alone(Call call, const Error& error) {
  --writers_[call.writer].under_way;
  if (call.refused) {
    call.request = std::exchange(call.refused, nullptr);
    call.refusals = 0;
  } else if (++call.refusals == kRefusalsOfOne) {
    call.refused = std::exchange(call.request, stand_in(*call.request, error));
    ++writers_[call.writer].under_way;
    return send(std::move(call));
  }
  const Millis pause = std::exchange(call.retry_in, std::min(call.retry_in * 4, kLongestRefusedPause));
  core_.executor.call_at(core_.executor.now() + pause, [this, life = std::weak_ptr<int>(core_.life), call = std::move(call)] {
    if (life.expired()) return;
    ++writers_[call.writer].under_way;
    send(call);
  });
}
void Completer::stood_in(const FinishedAttempt& attempt) {
  core_.working_set.forget(attempt.fence.step.task);  // it may hold the result
  const std::string task = std::to_string(raw(attempt.fence.step.task));
  log_about(LogLevel::error, {.code = attempt.code, .task = task}, "step {} of task {} ends in error: {}", attempt.fence.step.ord,
            task, attempt.message);
}

void Completer::handle(const CompleteRequest& request, CompleteAnswer answer) {
  waiting_ -= request.attempts.size();
  for (const Fence& fence : answer.stale) core_.working_set.forget(fence.step.task);
  core_.stats.stale_outcomes.fetch_add(answer.stale.size(), std::memory_order_relaxed);
  const std::size_t written = request.attempts.size() - answer.stale.size();
  core_.stats.steps_completed.fetch_add(written, std::memory_order_relaxed);
  for (const FinishedAttempt& attempt : request.attempts) {
    const auto in_stale = std::find(answer.stale.begin(), answer.stale.end(), attempt.fence);
    const bool stale = in_stale != answer.stale.end();
    if (!stale) core_.stats.attempts[static_cast<std::size_t>(attempt.kind)].fetch_add(1, std::memory_order_relaxed);
  }
  dispatcher_->recorded(request.attempts);
  for (const FinishedAttempt& attempt : request.attempts) {
    if (attempt.delay > kLongestRemembered) core_.working_set.forget(attempt.fence.step.task);
  }
  for (const EndedTask& ended : answer.ended) {
    core_.working_set.forget(ended.task);
    (ended.complete ? core_.stats.tasks_completed : core_.stats.tasks_failed).fetch_add(1, std::memory_order_relaxed);
    if (on_ended) on_ended(ended);
  }
  core_.stats.steps_chained.fetch_add(answer.claimed.size(), std::memory_order_relaxed);
  dispatcher_->accept(answer.claimed);
  if (answer.queued) claimer_->look_soon();
  if (answer.next_due.count() >= 0) claimer_->look_at(core_.executor.now() + answer.next_due);
}

void Completer::forget_all() {
  for (Writer& writer : writers_) writer = {};
  waiting_ = 0;
}

}  // namespace tasker::engine
