#include "engine/completer.h"

#include <algorithm>

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
    send(index, std::move(request), extra, kFirstPause);
  }
}

void Completer::send(std::size_t writer, std::shared_ptr<const CompleteRequest> request, int reserved, Millis retry_in) {
  core_.stats.complete_calls.fetch_add(1, std::memory_order_relaxed);
  const SteadyTime sent = core_.executor.now();
  core_.store.complete(request, core_.on_strand<CompleteAnswer>(
      [this, writer, request, reserved, retry_in, sent](Result<CompleteAnswer> answer) {
        if (answer.has_value()) {
          core_.stats.batch_size.observe(static_cast<double>(request->attempts.size()));
          core_.stats.commit_time.observe(std::chrono::duration<double>(core_.executor.now() - sent).count());
          --writers_[writer].under_way;
          send_due(writer);  // first: the connection hardly waits for the strand
          core_.room.unreserve(reserved);
          handle(*request, std::move(answer.value()));
          claimer_->kick();
          return;
        }
        const std::weak_ptr<int> life = core_.life;
        core_.on_error(answer.error());
        // Nothing is repeated in the name of the dead: the next life would take the refusal for its own death.
        if (life.expired() || answer.error().code == Code::host_dead) return;
        if (answer.error().retry == Retry::never) return refused(writer, request, reserved, retry_in);
        // The same fences again: whether or not the lost call was committed, the answer is the same.
        core_.executor.call_at(core_.executor.now() + jittered(retry_in), [this, life, writer, request, reserved, retry_in] {
          if (!life.expired()) send(writer, request, reserved, std::min(retry_in * 2, kLongestPause));
        });
      }));
}

// Not merely unanswered: the database may say so for ever. Halved until what it refuses stands alone, and that is tried
// again seldom and beside the other batches, so that it holds up nothing but itself.
void Completer::refused(std::size_t writer, std::shared_ptr<const CompleteRequest> request, int reserved,
                        Millis retry_in) {
  core_.room.unreserve(reserved);
  --writers_[writer].under_way;
  const auto send_part = [this, writer](std::shared_ptr<const CompleteRequest> part, Millis next_retry) {
    ++writers_[writer].under_way;
    send(writer, std::move(part), 0, next_retry);
  };
  const auto& attempts = request->attempts;
  if (attempts.size() == 1) {
    core_.executor.call_at(core_.executor.now() + retry_in,
                           [life = std::weak_ptr<int>(core_.life), send_part, request, retry_in] {
      if (!life.expired()) send_part(request, std::min(retry_in * 4, kLongestRefusedPause));
    });
  } else {
    const auto middle = attempts.begin() + static_cast<std::ptrdiff_t>(attempts.size() / 2);
    for (const auto& [from, to] : {std::pair(attempts.begin(), middle), std::pair(middle, attempts.end())}) {
      auto part = std::make_shared<CompleteRequest>(CompleteRequest{request->host, {from, to}, 0, request->plugins});
      part->room = std::min(request->room, static_cast<int>(part->attempts.size()));
      send_part(std::move(part), kFirstPause);
    }
  }
  send_due(writer);
}

void Completer::handle(const CompleteRequest& request, CompleteAnswer answer) {
  waiting_ -= request.attempts.size();
  for (const Fence& fence : answer.stale) core_.working_set.forget(fence.step.task);
  core_.stats.stale_outcomes.fetch_add(answer.stale.size(), std::memory_order_relaxed);
  const std::size_t written = request.attempts.size() - answer.stale.size();
  core_.stats.steps_completed.fetch_add(written, std::memory_order_relaxed);
  for (const FinishedAttempt& attempt : request.attempts) {
    const bool stale = !answer.stale.empty() && std::find(answer.stale.begin(), answer.stale.end(), attempt.fence) != answer.stale.end();
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
