// The host's side of the contract, in memory: the table that a plugin is given, and what its functions do with an
// attempt. Answers as a host would, and writes down what a host would complain of. [any] thread.
#pragma once

#include <tasker/plugin.h>

#include <atomic>
#include <cstdint>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <utility>
#include <vector>

#include "tasker/testing/checks.h"
#include "tasker/testing/clock.h"
#include "tasker/testing/live_attempt.h"

namespace tasker {
namespace kit {

class KitHost {
 public:
  KitHost() {
    table_.struct_size = sizeof table_;
    table_.abi_major = TASKER_ABI_MAJOR;
    table_.abi_minor = TASKER_ABI_MINOR;
    table_.ctx = this;
    table_.name = TASKER_STR("tasker");
    table_.version = TASKER_STR("0.1.0");
    table_.log = &log;
    table_.log_enabled = [](const tasker_host* host, std::int32_t level) noexcept -> std::int32_t {
      return level >= of(host).least_level;
    };
    table_.should_stop = [](const tasker_host* host, tasker_token token) noexcept { return of(host).asked(token); };
    table_.heartbeat = &heartbeat;
    table_.emit = &emit;
    table_.complete = &complete;
    table_.extension = [](const tasker_host*, const char*) noexcept -> const void* { return nullptr; };
  }
  KitHost(const KitHost&) = delete;
  KitHost& operator=(const KitHost&) = delete;

  const tasker_host* table() const { return &table_; }

  std::shared_ptr<LiveAttempt> begin(std::shared_ptr<LiveAttempt> live) {
    const std::lock_guard lock(mutex_);
    const tasker_token token = attempts_.size() + 1;
    live->call.token = live->task.token = token;
    // Kept to the end: a plugin may come back with the token at any time.
    return attempts_.emplace(token, std::move(live)).first->second;
  }

  // The caller holds live.mutex.
  std::uint32_t stop_bits(const LiveAttempt& live) const {
    std::uint32_t bits = live.stop_bits | (is_draining ? std::uint32_t{TASKER_STOP_DRAINING} : 0);
    if (live.deadline.count() > 0 && clock.now() >= live.deadline) bits |= TASKER_STOP_DEADLINE;
    return bits;
  }

  // A misdeed of which no attempt is left to tell.
  void complain(std::string problem) {
    const std::lock_guard lock(mutex_);
    problems_.push_back(std::move(problem));
  }
  std::vector<std::string> problems() const {
    const std::lock_guard lock(mutex_);
    return problems_;
  }
  std::vector<LogLine> logs() const {
    const std::lock_guard lock(mutex_);
    return logs_;
  }

  Clock clock;
  Limits limits;
  std::atomic<std::int32_t> least_level{TASKER_LOG_TRACE};
  std::atomic<bool> is_draining{false};

 private:
  using Live = std::shared_ptr<LiveAttempt>;

  static KitHost& of(const tasker_host* host) { return *static_cast<KitHost*>(host->ctx); }
  static Json json_of(const tasker_str& text) { return parsed_or_null(text); }

  Live find(tasker_token token) const {
    const std::lock_guard lock(mutex_);
    const auto found = attempts_.find(token);
    return found == attempts_.end() ? nullptr : found->second;
  }

  static void log(const tasker_host* host, tasker_token token, std::int32_t level, tasker_str message,
                  tasker_str fields) noexcept {
    KitHost& self = of(host);
    if (level < self.least_level) return;
    LogLine line{static_cast<Level>(level), std::string(view(message)), nullptr};
    std::string problem = fields.size > 0 ? json_problem(fields, self.limits.log_bytes) : "";
    if (problem.empty()) line.fields = json_of(fields);
    if (!line.fields.is_null() && !line.fields.is_object()) problem = "is no JSON object";
    const Live live = self.find(token);
    if (!live) {
      const std::lock_guard lock(self.mutex_);
      if (token != 0) self.problems_.push_back("log() with a token that was never given out");
      if (!problem.empty()) self.problems_.push_back("the fields of the log line \"" + line.message + "\" " + problem);
      self.logs_.push_back(std::move(line));
      return;
    }
    const std::lock_guard lock(live->mutex);
    if (!problem.empty()) live->said.problems.push_back("the fields of the log line \"" + line.message + "\" " + problem);
    live->said.logs.push_back(std::move(line));
    live->changed.notify_all();
  }

  std::uint32_t asked(tasker_token token) {
    const Live live = find(token);
    if (!live) {
      complain("should_stop() or heartbeat() with a token that was never given out");
      return TASKER_STOP_LEASE_LOST;
    }
    const std::lock_guard lock(live->mutex);
    ++live->questions;
    clock.advance(live->time_per_question);
    if (live->stop_later.at_question > 0 && live->questions >= live->stop_later.at_question) {
      live->stop_bits |= live->stop_later.bits;
    }
    live->changed.notify_all();
    return live->phase == LiveAttempt::Phase::running ? stop_bits(*live) : std::uint32_t{TASKER_STOP_LEASE_LOST};
  }

  static std::uint32_t heartbeat(const tasker_host* host, tasker_token token, std::int32_t progress, tasker_str note,
                                 tasker_str checkpoint) noexcept {
    KitHost& self = of(host);
    if (const Live live = self.find(token)) {
      const std::string problem = json_problem(checkpoint, self.limits.checkpoint_bytes);
      const std::lock_guard lock(live->mutex);
      Beat beat{progress, std::string(view(note)), nullptr};
      if (checkpoint.size > 0 && problem.empty()) {
        beat.checkpoint = json_of(checkpoint);
        if (live->phase == LiveAttempt::Phase::running) live->checkpoint = beat.checkpoint;
      } else if (checkpoint.size > 0) {
        live->said.problems.push_back("a checkpoint " + problem + "; a host drops it");
      }
      if (progress < -1 || progress > 1000) {
        live->said.problems.push_back("heartbeat() with progress " + std::to_string(progress) + ": it is 0 to 1000, or -1");
      }
      live->said.beats.push_back(std::move(beat));
    }
    return self.asked(token);
  }

  static std::int32_t emit(const tasker_host* host, tasker_token token, tasker_str name, tasker_str payload) noexcept {
    KitHost& self = of(host);
    const Live live = self.find(token);
    if (!live) {
      self.complain("emit() with a token that was never given out");
      return TASKER_E_STALE;
    }
    std::string problem = payload.size > 0 ? json_problem(payload, self.limits.event_bytes) : "";
    const std::string text(view(name));
    const std::lock_guard lock(live->mutex);
    if (live->phase != LiveAttempt::Phase::running) {
      live->said.problems.push_back("event " + text + " came after the attempt's end");
      return TASKER_E_STALE;
    }
    if (live->events && !live->events->contains(text)) problem = "is not among the custom_events of the step or its template";
    if (!problem.empty()) {
      live->said.problems.push_back("event " + text + " " + problem);
      return TASKER_E_INVALID;
    }
    live->event_bytes += name.size + payload.size;
    if (live->said.emitted.size() >= self.limits.events || live->event_bytes > self.limits.event_bytes) {
      live->said.problems.push_back("event " + text + " is one too many, or too big");
      return TASKER_E_TOO_BIG;
    }
    live->said.emitted.push_back({text, json_of(payload)});
    live->changed.notify_all();
    return TASKER_E_OK;
  }

  static std::int32_t complete(const tasker_host* host, tasker_token token, const tasker_outcome* outcome) noexcept {
    KitHost& self = of(host);
    if (!outcome) {
      self.complain("complete() without an outcome");
      return TASKER_E_INVALID;
    }
    const Live live = self.find(token);
    if (!live) {
      self.complain("complete() with a token that was never given out");
      release(*outcome);
      return TASKER_E_STALE;
    }
    std::unique_lock lock(live->mutex);
    if (live->phase != LiveAttempt::Phase::running) {
      lock.unlock();
      self.complain(live->is_given_up ? "complete() came after the attempt had been given up"
                                      : "an attempt was completed twice: only its first outcome counts");
      release(*outcome);
      return TASKER_E_STALE;
    }
    live->phase = LiveAttempt::Phase::completing;
    const std::uint32_t bits = self.stop_bits(*live);
    // Not under the lock: release() is the plugin's and may call the table.
    lock.unlock();
    Outcome copied;
    copy_outcome(copied, *outcome, bits, self.limits);
    release(*outcome);
    lock.lock();
    take(*live, std::move(copied));
    return TASKER_E_OK;
  }

 public:
  // Puts an outcome beside what was said so far; the caller holds live.mutex.
  static void take(LiveAttempt& live, Outcome copied) {
    Outcome& said = live.said;
    copied.logs = std::move(said.logs);
    copied.beats = std::move(said.beats);
    copied.emitted = std::move(said.emitted);
    copied.problems.insert(copied.problems.begin(), said.problems.begin(), said.problems.end());
    if (copied.kind == Kind::ok)
      copied.events = copied.emitted;  // events belong to success: a later attempt would publish them again
    else
      copied.checkpoint = live.checkpoint.is_null() ? live.previous_checkpoint : live.checkpoint;
    said = std::move(copied);
    live.phase = LiveAttempt::Phase::completed;
    live.changed.notify_all();
  }

 private:
  tasker_host table_{};
  mutable std::mutex mutex_;  // guards all below; taken before no other
  std::map<tasker_token, Live> attempts_;
  std::vector<std::string> problems_;
  std::vector<LogLine> logs_;
};

}  // namespace kit
}  // namespace tasker
