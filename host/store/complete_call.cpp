#include "store/complete_call.h"

#include <algorithm>
#include <span>

#include "store/array_literal.h"
#include "store/step_rows.h"

namespace tasker::store {
namespace {

using engine::FinishedAttempt;
using model::OutcomeKind;

// While a batch is split, each piece waits only this long for locked rows: nine halvings of 500 rows would otherwise
// hold the writer's lanes up for most of a minute.
constexpr std::chrono::milliseconds kSplitLockTimeout{200};

bool is_splittable(Code code) { return code == Code::database_bad_value || code == Code::database_locked; }

bool runs_again(OutcomeKind kind) {
  return kind == OutcomeKind::retry || kind == OutcomeKind::wait || kind == OutcomeKind::timed_out;
}

// An array parameter, `{}` when no attempt has anything to say: the usual case for most of them.
template <class Says, class Add>
std::string sparse(std::span<const FinishedAttempt* const> attempts, Says says, Add add) {
  if (std::none_of(attempts.begin(), attempts.end(), [&](const auto* attempt) { return says(*attempt); })) {
    return std::string(kEmptyArray);
  }
  ArrayLiteral literal;
  for (const FinishedAttempt* attempt : attempts) add(literal, *attempt);
  return literal.take();
}

std::string texts(std::span<const FinishedAttempt* const> attempts, std::string FinishedAttempt::*member) {
  return sparse(attempts, [&](const auto& a) { return !(a.*member).empty(); },
                [&](ArrayLiteral& literal, const auto& a) { literal.add_or_null(a.*member); });
}

std::string jsons(std::span<const FinishedAttempt* const> attempts, std::string FinishedAttempt::*member) {
  return sparse(attempts, [&](const auto& a) { return !(a.*member).empty(); },
                [&](ArrayLiteral& literal, const auto& a) { literal.add_json_or_null(a.*member); });
}

std::optional<std::string> events_of(std::span<const FinishedAttempt* const> attempts) {
  std::string text;
  for (const FinishedAttempt* attempt : attempts) {
    if (attempt->events.empty()) continue;
    text += text.empty() ? "[" : ",";
    text += "{\"task_id\":" + std::to_string(raw(attempt->fence.step.task)) +
            ",\"ord\":" + std::to_string(attempt->fence.step.ord) + ",\"events\":" + attempt->events + "}";
  }
  if (text.empty()) return std::nullopt;
  return text + "]";
}

}  // namespace

CompleteCall::CompleteCall(Session& session, const Clock& clock, Counters& counters,
                           std::shared_ptr<const engine::CompleteRequest> request)
    : session_(session), clock_(clock), counters_(counters), request_(std::move(request)), room_(request_->room) {
  attempts_.reserve(request_->attempts.size());
  for (const FinishedAttempt& attempt : request_->attempts) attempts_.push_back(&attempt);
  // The lock order: whoever writes steps does it by (task_id, ord).
  const auto by_fence = [](const auto* a, const auto* b) { return a->fence < b->fence; };
  if (!std::is_sorted(attempts_.begin(), attempts_.end(), by_fence)) {
    std::sort(attempts_.begin(), attempts_.end(), by_fence);
  }
}

Result<engine::CompleteAnswer> CompleteCall::run() {
  const std::size_t all = attempts_.size();
  auto rows = send(0, all);
  if (rows) {
    read(*rows);
    return std::move(answer_);
  }
  if (!is_splittable(rows.error().code)) return rows.error();
  ++counters_.split_batches;
  session_.shorten_lock_timeout(kSplitLockTimeout);
  auto done = split(0, all, rows.error());
  session_.restore_lock_timeout();
  // Rows that were locked come last, alone, with the full patience.
  for (std::size_t i = 0; done && i < locked_.size(); ++i) done = send_and_read(locked_[i], locked_[i] + 1);
  if (!done) return done.error();
  return std::move(answer_);
}

Result<void> CompleteCall::send_and_read(std::size_t first, std::size_t last) {
  auto rows = send(first, last);
  if (!rows) return rows.error();
  read(*rows);
  return {};
}

Result<void> CompleteCall::split(std::size_t first, std::size_t last, const Error& why) {
  if (last - first == 1) {
    if (why.code == Code::database_locked) {
      locked_.push_back(first);
      return {};
    }
    drop_bad_values(first, why);
    auto done = send_and_read(first, last);
    if (!done && done.error().code == Code::database_locked) {
      locked_.push_back(first);
      return {};
    }
    return done;
  }
  const std::size_t middle = first + (last - first) / 2;
  for (const auto& [from, to] : {std::pair{first, middle}, std::pair{middle, last}}) {
    auto done = send_and_read(from, to);
    if (!done && is_splittable(done.error().code)) done = split(from, to, done.error());
    if (!done) return done;
  }
  return {};
}

void CompleteCall::drop_bad_values(std::size_t index, const Error& why) {
  ++counters_.bad_rows;
  FinishedAttempt& attempt = replaced_.emplace_back(*attempts_[index]);
  attempts_[index] = &attempt;
  attempt.kind = OutcomeKind::fail;
  attempt.code = code_text(Code::plugin_bad_result);
  attempt.message = "the handler's answer cannot be stored: " + why.message;
  attempt.payload.clear();
  attempt.checkpoint.clear();
  attempt.events.clear();
  attempt.ran = std::clamp(attempt.ran, engine::Micros(0), engine::Micros(std::chrono::hours(24 * 365)));
}

Params CompleteCall::parameters(std::size_t first, std::size_t last) const {
  const std::span<const FinishedAttempt* const> attempts(attempts_.data() + first, last - first);
  const std::size_t count = attempts.size();
  const auto now = clock_.steady_now();
  ArrayLiteral tasks(count * 12), ords(count * 4), claims(count * 3), outcomes(count * 6), ran(count * 6), ended(count * 6);
  for (const FinishedAttempt* attempt : attempts) {
    tasks.add(raw(attempt->fence.step.task));
    ords.add(attempt->fence.step.ord);
    claims.add(attempt->fence.claim_no);
    outcomes.add_word(model::outcome_text(attempt->kind));
    ran.add(attempt->ran.count());
    const auto ago = std::chrono::duration_cast<engine::Micros>(now - attempt->ended);
    ended.add(std::max<std::int64_t>(0, ago.count()));
  }
  return {std::to_string(raw(request_->host)),
          tasks.take(),
          ords.take(),
          claims.take(),
          outcomes.take(),
          jsons(attempts, &FinishedAttempt::payload),
          texts(attempts, &FinishedAttempt::code),
          texts(attempts, &FinishedAttempt::message),
          sparse(attempts, [](const auto& a) { return runs_again(a.kind); },
                 [](ArrayLiteral& literal, const auto& a) { literal.add(std::max<std::int64_t>(0, a.delay.count())); }),
          ran.take(),
          ended.take(),
          jsons(attempts, &FinishedAttempt::checkpoint),
          events_of(attempts),
          std::to_string(std::max(0, room_)),
          plugin_array(request_->plugins)};
}

Result<Rows> CompleteCall::send(std::size_t first, std::size_t last) {
  return session_.run("complete", parameters(first, last));
}

void CompleteCall::read(const Rows& rows) {
  for (int row = 0; row < rows.size(); ++row) {
    const auto task = static_cast<TaskId>(rows.integer(row, 1));
    const auto claim_no = static_cast<std::int32_t>(rows.integer(row, 3));
    switch (rows.text(row, 0)[0]) {
      case 'c':
        answer_.claimed.push_back(claimed_step(rows, row, 1));
        --room_;
        break;
      case 's':
        answer_.stale.push_back({{task, static_cast<Ord>(rows.integer(row, 2))}, claim_no});
        break;
      case 'd':
      case 'e':
        answer_.ended.push_back({task, rows.text(row, 0)[0] == 'd'});
        break;
      case 'q':
        answer_.queued = true;
        break;
      case 'r': {
        const engine::Millis due(claim_no);
        if (answer_.next_due.count() < 0 || due < answer_.next_due) answer_.next_due = due;
        break;
      }
      default:
        break;
    }
  }
}

}  // namespace tasker::store
