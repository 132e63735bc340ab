#include "engine/failure_log.h"

#include <utility>

namespace tasker::engine {
namespace {

constexpr std::size_t kLongestMessage = 500;

std::string_view shortened(std::string_view message) {
  if (message.size() <= kLongestMessage) return message;
  auto end = kLongestMessage;
  while (end > 0 && (static_cast<unsigned char>(message[end]) & 0xC0) == 0x80) --end;  // not inside a character
  return message.substr(0, end);
}

std::string time_of(Millis delay) {
  return delay < Millis(10'000) ? fmt::format("{} ms", delay.count()) : fmt::format("{} s", delay.count() / 1000);
}

}  // namespace

FailureLog::~FailureLog() {
  tell_untold(LogLevel::info, spans_[0]);
  tell_untold(LogLevel::warn, spans_[1]);
}

void FailureLog::tell(const FinishedAttempt& attempt, const Step& of) {
  using model::OutcomeKind;
  const bool may_repeat = attempt.kind == OutcomeKind::retry || attempt.kind == OutcomeKind::timed_out;
  if (!may_repeat && attempt.kind != OutcomeKind::fail) return;
  const bool again = may_repeat && of.step.retryable && of.attempt < of.retry_limit;
  const auto level = again ? LogLevel::info : LogLevel::warn;
  if (!log_enabled(level) || !admits(level, spans_[again ? 0 : 1])) return;
  const auto task = std::to_string(raw(attempt.fence.step.task));
  const auto plugin = fmt::format("{}/{} {}", of.definition.namespace_name, of.definition.name, of.definition.version.text());
  log_plugin_line(level,
                  {.code = attempt.code, .task = task, .step = of.step.name, .plugin = plugin, .correlation_id = of.correlation_id},
                  fmt::format("attempt {} of {} failed, {}: {}: {}", of.attempt, of.retry_limit,
                              again ? "the next one in " + time_of(attempt.delay) : "and the step with it",
                              attempt.code.empty() ? model::outcome_text(attempt.kind) : std::string_view(attempt.code),
                              shortened(attempt.message)));
}

bool FailureLog::admits(LogLevel level, Span& span) {
  const auto now = executor_.now();
  if (now - span.begin >= kSpan) {
    tell_untold(level, span);
    span = {now, 0, 0};
  }
  if (span.lines < kLines) return ++span.lines;
  if (span.untold++ > 0) return false;
  executor_.call_at(span.begin + kSpan, [this, level, &span, begin = span.begin, exists = std::weak_ptr<int>(existence_)] {
    if (!exists.expired() && span.begin == begin) tell_untold(level, span);
  });
  return false;
}

void FailureLog::tell_untold(LogLevel level, Span& span) {
  if (const auto untold = std::exchange(span.untold, 0); untold > 0)
    log_at(level, "{} more attempts failed within {} s and got no line: {}; each is in its task's history", untold, kSpan.count(),
           level == LogLevel::info ? "they are tried again" : "their steps failed for good");
}

}  // namespace tasker::engine
