#include "plugin/host_table.h"

#include <algorithm>

#include "base/json.h"
#include "base/log.h"
#include "plugin/crash_report.h"

namespace tasker::plugin {
namespace {

constexpr std::string_view kHostVersion = TASKER_VERSION;

LogLevel level_of(std::int32_t level) {
  switch (level) {
    case TASKER_LOG_TRACE:
      return LogLevel::trace;
    case TASKER_LOG_DEBUG:
      return LogLevel::debug;
    case TASKER_LOG_INFO:
      return LogLevel::info;
    case TASKER_LOG_WARN:
      return LogLevel::warn;
    default:
      return LogLevel::error;
  }
}

// A live attempt of this plugin, locked; or nothing.
struct Found {
  RunningAttempt* attempt = nullptr;
  std::unique_lock<std::mutex> lock;
};

Found find_live(AttemptTable& attempts, const HostTable* owner, tasker_token token) {
  RunningAttempt* attempt = token ? attempts.find(token) : nullptr;
  if (!attempt) return {};
  std::unique_lock lock(attempt->mutex);
  if (attempt->token != token || attempt->owner != owner) return {};
  return {attempt, std::move(lock)};
}

bool knows_event(const model::StepTemplate& step, std::string_view name) {
  return std::any_of(step.custom_events.begin(), step.custom_events.end(),
                     [&](const model::CustomEvent& event) { return event.name == name; });
}

bool is_live(const RunningAttempt& attempt) { return attempt.phase == RunningAttempt::Phase::running; }

}  // namespace

struct HostTable::Calls {
  static HostTable& self(const tasker_host* host) { return *static_cast<HostTable*>(host->ctx); }

  static void log(const tasker_host* host, tasker_token token, std::int32_t level, tasker_str message,
                  tasker_str fields) noexcept {
    try {
      if (!tasker::log_enabled(level_of(level))) return;
      HostTable& table = self(host);
      std::string task, step, correlation_id;
      if (auto found = find_live(*table.attempts_, &table, token); found.attempt) {
        task = found.attempt->task_id;
        step = found.attempt->step->name;
        correlation_id = found.attempt->correlation_id;
      }
      std::string_view extra = is_readable(fields) ? view(fields) : std::string_view{};
      if (!is_json_object(extra, {.max_bytes = table.limits_.max_log_bytes})) extra = {};
      log_plugin_line(level_of(level),
                      {.task = task, .step = step, .plugin = table.source(), .correlation_id = correlation_id, .fields = extra},
                      clean_text(message, table.limits_.max_log_bytes));
    } catch (...) {  // out of memory: a lost line is the smaller harm
    }
  }

  static std::int32_t log_enabled(const tasker_host*, std::int32_t level) noexcept {
    return tasker::log_enabled(level_of(level)) ? 1 : 0;
  }

  static std::uint32_t should_stop(const tasker_host* host, tasker_token token) noexcept {
    HostTable& table = self(host);
    const auto found = find_live(*table.attempts_, &table, token);
    if (!found.attempt || found.attempt->phase != RunningAttempt::Phase::running) return TASKER_STOP_LEASE_LOST;
    return table.stop_bits(*found.attempt);
  }

  static std::uint32_t heartbeat(const tasker_host* host, tasker_token token, std::int32_t, tasker_str,
                                 tasker_str checkpoint) noexcept {
    try {
      HostTable& table = self(host);
      // Checked before the lock is taken: a large checkpoint must not hold up should_stop().
      const bool has_one = is_readable(checkpoint) && checkpoint.size > 0;
      const bool fits = has_one && check_json(view(checkpoint), {.max_bytes = table.limits_.max_checkpoint_bytes});
      auto found = find_live(*table.attempts_, &table, token);
      if (!found.attempt || !is_live(*found.attempt)) return TASKER_STOP_LEASE_LOST;
      if (fits) found.attempt->checkpoint = view(checkpoint);
      const std::uint32_t bits = table.stop_bits(*found.attempt);
      if ((has_one && !fits) || !is_readable(checkpoint))
        table.misbehaved(*found.attempt, "sent a checkpoint that is too big or not JSON; it was dropped");
      return bits;
    } catch (...) {
      return 0;
    }
  }

  static std::int32_t emit(const tasker_host* host, tasker_token token, tasker_str name, tasker_str payload) noexcept {
    try {
      HostTable& table = self(host);
      const AttemptLimits& limits = table.limits_;
      if (!is_readable(name) || !is_readable(payload)) return TASKER_E_INVALID;
      if (payload.size > limits.max_event_bytes) return TASKER_E_TOO_BIG;
      if (payload.size > 0 && !check_json(view(payload), {.max_bytes = limits.max_event_bytes})) return TASKER_E_INVALID;
      auto found = find_live(*table.attempts_, &table, token);
      if (!found.attempt || !is_live(*found.attempt)) return TASKER_E_STALE;
      RunningAttempt& attempt = *found.attempt;
      if (!knows_event(*attempt.step, view(name))) return TASKER_E_INVALID;
      const std::size_t after = attempt.events.size() + name.size + payload.size;
      if (attempt.event_count >= limits.max_events || after > limits.max_event_bytes) return TASKER_E_TOO_BIG;
      // Made apart, so that a shortage of memory leaves no half of it.
      std::string event = attempt.events.empty() ? "[" : ",";
      event.append("{\"name\":").append(json_quote(view(name))).append(",\"payload\":");
      event.append(payload.size > 0 ? view(payload) : "null").append("}");
      attempt.events += event;
      ++attempt.event_count;
      return TASKER_E_OK;
    } catch (...) {
      return TASKER_E_INTERNAL;
    }
  }

  static std::int32_t complete(const tasker_host* host, tasker_token token, const tasker_outcome* outcome) noexcept {
    try {
      if (!outcome) return TASKER_E_INVALID;
      HostTable& table = self(host);
      auto found = find_live(*table.attempts_, &table, token);
      if (!found.attempt || !is_live(*found.attempt)) {
        if (found.lock.owns_lock()) found.lock.unlock();
        const CrashMark mark(table.source(), "in the release of an outcome that came too late");
        release(*outcome);
        table.completed_late();
        return TASKER_E_STALE;
      }
      RunningAttempt& attempt = *found.attempt;
      attempt.phase = RunningAttempt::Phase::completing;
      const std::uint32_t bits = table.stop_bits(attempt);
      // Not under the lock: release() is the plugin's and may call us.
      found.lock.unlock();
      auto copied = [&] {
        // Not beyond this: whoever delivers takes the attempt's texts away.
        const CrashMark mark(table.source(), attempt.step->name, attempt.fence, attempt.call.attempt);
        return copy_and_release(*outcome, bits, table.limits_);
      }();
      found.lock.lock();
      attempt.phase = RunningAttempt::Phase::completed;
      if (attempt.has_returned)
        table.deliver(attempt, std::move(found.lock), std::move(copied));
      else
        attempt.outcome = std::move(copied);
      return TASKER_E_OK;
    } catch (...) {
      return TASKER_E_INTERNAL;
    }
  }

  static const void* extension(const tasker_host* host, const char*) noexcept {
    self(host).extensions_asked_.fetch_add(1, std::memory_order_relaxed);
    return nullptr;
  }
};

HostTable::HostTable(std::shared_ptr<AttemptTable> attempts, std::string source, AttemptLimits limits)
    : attempts_(std::move(attempts)), names_{std::move(source)}, source_(&names_.back()), limits_(limits), table_{} {
  table_.struct_size = sizeof(table_);
  table_.abi_major = TASKER_ABI_MAJOR;
  table_.abi_minor = TASKER_ABI_MINOR;
  table_.ctx = this;
  table_.name = text_of("tasker");
  table_.version = text_of(kHostVersion);
  table_.log = &Calls::log;
  table_.log_enabled = &Calls::log_enabled;
  table_.should_stop = &Calls::should_stop;
  table_.heartbeat = &Calls::heartbeat;
  table_.emit = &Calls::emit;
  table_.complete = &Calls::complete;
  table_.extension = &Calls::extension;
}

void HostTable::deliver(RunningAttempt& attempt, std::unique_lock<std::mutex> lock, engine::AttemptOutcome outcome) {
  attempt.token = 0;
  attempt.owner = nullptr;
  auto done = std::move(attempt.done);
  attempt.done = nullptr;
  // Events belong to success: a retried attempt would publish them again.
  if (outcome.kind == model::OutcomeKind::ok) {
    outcome.events = std::move(attempt.events);
    if (!outcome.events.empty()) outcome.events += "]";
  } else {
    outcome.checkpoint = attempt.checkpoint.empty() ? attempt.previous_checkpoint : std::move(attempt.checkpoint);
  }
  attempt.events.clear();
  attempt.checkpoint.clear();
  lock.unlock();
  done(std::move(outcome));
  // Only now: the plugin may read its input until complete() returns.
  attempts_->give_back(&attempt);
  gate_.leave();
}

void HostTable::rename(std::string source) {
  names_.push_back(std::move(source));
  source_.store(&names_.back(), std::memory_order_release);
}

namespace {

// A plugin that always does it must not flood the log: the 1st, 2nd, 4th, 8th ... time is said.
bool is_told(std::uint64_t times) { return (times & (times - 1)) == 0; }

}  // namespace

void HostTable::misbehaved(const RunningAttempt& attempt, const char* what) {
  const std::uint64_t times = misdeeds_.fetch_add(1) + 1;
  if (!is_told(times)) return;
  log_about(LogLevel::warn,
            {.task = attempt.task_id, .step = attempt.step->name, .plugin = source(), .correlation_id = attempt.correlation_id},
            "plugin {} misbehaves: step {} of task {} {} (misdeed number {} of this plugin)", source(), attempt.step->name,
            attempt.task_id, what, times);
}

void HostTable::completed_late() {
  const std::uint64_t times = misdeeds_.fetch_add(1) + 1;
  if (!is_told(times)) return;
  log_about(LogLevel::warn, {.plugin = source()},
            "plugin {} misbehaves: it completed an attempt that was over, or never began; that is dropped (misdeed number {} of this plugin)",
            source(), times);
}

}  // namespace tasker::plugin
