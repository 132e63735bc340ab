// The plugin under test: made from a configuration, asked to run steps, and stopped. One object is one loaded plugin, as
// a host has it; run() may be called on several threads at once.
#pragma once

#include <tasker/plugin.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "tasker/testing/attempt.h"
#include "tasker/testing/checks.h"
#include "tasker/testing/host.h"
#include "tasker/testing/library.h"
#include "tasker/testing/live_attempt.h"
#include "tasker/testing/outline.h"
#include "tasker/testing/running.h"

namespace tasker {
namespace kit {

class Plugin {
 public:
  // The one that tasker_add_plugin_test names; `config` is its section of the host's configuration. Throws Refused when a
  // host would not take it, or its init() says no.
  explicit Plugin(const Json& config = Json::object()) : Plugin(under_test(), config) {}
  // Plugin({{"limit", 500}}), which could mean a copy otherwise.
  explicit Plugin(Json::initializer_list_t config) : Plugin(Json(config)) {}
  Plugin(Library library, const Json& config)
      : library_(std::move(library)), outline_(outline_of(library_.manifest())), host_(std::make_unique<KitHost>()) {
    check_table(library_.entry());
    check_outline(outline_);
    start_up(config.dump());
  }
  ~Plugin() { stop(); }
  Plugin(const Plugin&) = delete;
  Plugin& operator=(const Plugin&) = delete;

  // Runs one attempt of the step, or of the handler of that name, to its end. A handler that completes later is waited for.
  Outcome run(const std::string& step, const Attempt& attempt = {}) {
    const tasker_handler& handler = handler_of(step);
    const auto live = begin(step, attempt);
    return finish(live, attempt.patience, [&](tasker_outcome* out) { return handler.run(self_, &live->call, out); });
  }

  // The same on a thread of its own: to raise stop bits while it runs, or to look at what it says.
  Running start(const std::string& step, const Attempt& attempt = {}) {
    const tasker_handler& handler = handler_of(step);
    const auto live = begin(step, attempt);
    return Running(live, [this, live, &handler, patience = attempt.patience] {
      return finish(live, patience, [&](tasker_outcome* out) { return handler.run(self_, &live->call, out); });
    }, [this, &handler, live](std::uint32_t why) {
      if (handler.cancel) handler.cancel(self_, live->call.token, why);
    });
  }

  // Attempt after attempt, as a host would: with the checkpoint of the one before, until it is ok, failed or out of
  // attempts. The test's clock moves by each delay; nobody waits.
  std::vector<Outcome> run_to_end(const std::string& step, Attempt attempt = {}) {
    constexpr std::size_t kMostAttempts = 1000;  // a handler may WAIT for ever
    std::vector<Outcome> outcomes;
    while (outcomes.size() < kMostAttempts) {
      outcomes.push_back(run(step, attempt));
      const Outcome& last = outcomes.back();
      if (last.kind != Kind::retry && last.kind != Kind::wait) break;
      if (last.kind == Kind::retry && attempt.number >= attempt.retry_limit) break;
      clock().advance(last.retry_after.value_or(backoff(attempt.number)));
      if (last.kind == Kind::retry) ++attempt.number;
      attempt.checkpoint = last.checkpoint;
    }
    return outcomes;
  }

  // The two hooks of the table. Throws std::logic_error when the plugin has no such hook.
  Outcome task_created(const Task& task) { return run_hook(task, library_.entry().task_created, "task_created"); }
  Outcome task_ended(const Task& task) { return run_hook(task, library_.entry().task_ended, "task_ended"); }

  // As before a version is retired: running attempts see TASKER_STOP_DRAINING.
  void drain() {
    if (host_->is_draining.exchange(true)) return;
    if (library_.entry().drain) library_.entry().drain(self_);
  }
  // Drains and ends the plugin. Gives all that it did against the contract, a sentence a line; empty is good.
  std::string stop() {
    if (!is_stopped_) {
      drain();
      is_stopped_ = true;
      library_.entry().fini(self_);
    }
    std::string text;
    for (const std::string& problem : problems()) text += (text.empty() ? "" : "\n") + problem;
    return text;
  }

  // Of all attempts so far, and those that came too late for one.
  std::vector<std::string> problems() const {
    std::vector<std::string> all = host_->problems();
    const std::lock_guard lock(mutex_);
    all.insert(all.end(), problems_.begin(), problems_.end());
    return all;
  }
  // What was logged outside attempts: by init(), drain(), fini() and threads of the plugin.
  std::vector<LogLine> logs() const { return host_->logs(); }
  Clock& clock() { return host_->clock; }
  Limits& limits() { return host_->limits; }
  void log_from(Level least) { host_->least_level = static_cast<std::int32_t>(least); }
  std::string manifest() const { return library_.manifest(); }

  // The delay that a host adds when a retry wishes for none: 1, 2, 4, 8, 16, 32 s, then attempt^2 s, at most 300.
  static Millis backoff(unsigned attempt) {
    const std::uint64_t seconds = attempt <= 6 ? (1ull << (attempt - 1)) : std::uint64_t{attempt} * attempt;
    return Millis(std::min<std::uint64_t>(seconds, 300) * 1000);
  }

 private:
  static Library under_test() {
#if defined(TASKER_TEST_PLUGIN_FILE)
    return Library::open(TASKER_TEST_PLUGIN_FILE);
#else
    return Library::linked();
#endif
  }

  void start_up(const std::string& config) {
    Lent lent;
    tasker_outcome error{};
    error.struct_size = sizeof error;
    const std::int32_t status = library_.entry().init(host_->table(), lent.lend(config), &self_, &error);
    if (status == 0) {
      if (error.release) host_->complain("init() succeeded and left an outcome to be released, which no host does");
      return;
    }
    const std::string code(view(error.code)), message(view(error.message));
    release(error);
    throw Refused("plugin.init_failed", message + (code.empty() ? "" : " (" + code + ")"));
  }

  const tasker_handler& handler_of(const std::string& step) const {
    if (is_stopped_) throw std::logic_error("the plugin has been stopped");
    const StepOutline* outline = outline_.find(step);
    const std::string written = outline ? outline->handler_class : step;
    const std::string snake = handler_name(written);
    std::string known;
    for (const std::string& name : {written, snake}) {
      for (const tasker_handler* const* at = library_.entry().handlers; *at; ++at) {
        if (view((*at)->name) == name) return **at;
      }
    }
    for (const tasker_handler* const* at = library_.entry().handlers; *at; ++at) known += " " + std::string(view((*at)->name));
    throw std::logic_error("the plugin has no step or handler " + step + "; it has:" + known);
  }

  std::shared_ptr<LiveAttempt> begin(const std::string& step, const Attempt& attempt) {
    auto live = std::make_shared<LiveAttempt>();
    Lent& lent = live->lent;
    tasker_call& call = live->call;
    call.struct_size = sizeof call;
    call.attempt = attempt.number;
    call.retry_limit = attempt.retry_limit;
    if (attempt.timeout.count() > 0) {
      live->deadline = host_->clock.now() + attempt.timeout;
      call.deadline_unix_ms = live->deadline.count();
      call.timeout_ms = static_cast<std::uint64_t>(attempt.timeout.count());
    }
    call.task_id = lent.lend(attempt.task_id);
    call.step_id = lent.lend("688129");
    call.step_name = lent.lend(step);
    call.namespace_name = lent.lend(top_level("namespace_name", "default"));
    call.template_name = lent.lend(top_level("name", "test"));
    call.template_version = lent.lend(top_level("version", "0.1.0"));
    call.idempotency_key = lent.lend(attempt.idempotency_key.empty() ? attempt.task_id + "/" + step : attempt.idempotency_key);
    call.context = lent.lend(attempt.context_text.value_or(attempt.context.dump()));
    call.inputs = lent.lend(attempt.inputs_text.value_or(attempt.inputs.dump()));
    call.config = lent.lend(attempt.config_text.value_or(attempt.config.dump()));
    if (!attempt.checkpoint.is_null()) call.checkpoint = lent.lend(attempt.checkpoint.dump());
    call.correlation_id = lent.lend(attempt.correlation_id);
    call.traceparent = lent.lend(attempt.traceparent);
    live->stop_bits = attempt.stop_bits;
    live->stop_later = attempt.stop_later;
    live->time_per_question = attempt.time_per_question;
    live->previous_checkpoint = attempt.checkpoint;
    live->events = known_events(step, attempt);
    return host_->begin(std::move(live));
  }

  std::optional<std::set<std::string>> known_events(const std::string& step, const Attempt& attempt) const {
    if (attempt.events) return std::set<std::string>(attempt.events->begin(), attempt.events->end());
    if (outline_.has_unread_events) return std::nullopt;
    std::set<std::string> events = outline_.events;
    for (const StepOutline& outline : outline_.steps) {
      if (outline.name == step || outline.handler_class == step) events.insert(outline.events.begin(), outline.events.end());
    }
    return events;
  }

  std::string top_level(std::string_view key, std::string_view otherwise) const {
    const std::string manifest = library_.manifest();
    for (const auto& line : detail::lines_of(manifest)) {
      if (line.indent > 0) continue;
      if (const auto value = detail::value_of(line.text, key)) return *value;
    }
    return std::string(otherwise);
  }

  template <class Run>
  Outcome finish(const std::shared_ptr<LiveAttempt>& live, Millis patience, Run run) {
    tasker_outcome out{};
    out.struct_size = sizeof out;
    const std::int32_t answer = run(&out);
    std::unique_lock lock(live->mutex);
    if (answer == TASKER_PENDING) {
      if (out.release) live->said.problems.push_back("run() answered PENDING and filled in an outcome, which nobody releases");
      const bool is_done = live->changed.wait_for(lock, patience, [&] { return live->phase == LiveAttempt::Phase::completed; });
      if (!is_done) give_up(*live, patience);
    } else {
      finish_done(*live, lock, answer, out);
      live->lent.take_back();
    }
    return ended(*live);
  }

  void finish_done(LiveAttempt& live, std::unique_lock<std::mutex>& lock, std::int32_t answer, const tasker_outcome& out) {
    const bool was_completed = live.phase != LiveAttempt::Phase::running;
    const std::uint32_t bits = host_->stop_bits(live);
    lock.unlock();
    Outcome copied;
    if (answer == TASKER_DONE)
      copy_outcome(copied, out, bits, host_->limits);
    else
      refuse(copied, "plugin.bad_outcome", "run() answered " + std::to_string(answer) + ", which is neither done nor pending");
    release(out);
    lock.lock();
    if (!was_completed) return KitHost::take(live, std::move(copied));
    live.changed.wait(lock, [&] { return live.phase == LiveAttempt::Phase::completed; });
    live.said.problems.push_back("the attempt was completed and then run() answered as well: only the first outcome counts");
  }

  void give_up(LiveAttempt& live, Millis patience) {
    live.is_given_up = true;
    Outcome nothing;
    refuse(nothing, "plugin.timeout", "run() answered PENDING and nothing completed the attempt within " +
                                          std::to_string(patience.count()) + " ms");
    KitHost::take(live, std::move(nothing));
  }

  Outcome ended(LiveAttempt& live) {
    const std::lock_guard lock(mutex_);
    problems_.insert(problems_.end(), live.said.problems.begin(), live.said.problems.end());
    return live.said;
  }

  using Hook = decltype(tasker_plugin::task_created);
  Outcome run_hook(const Task& task, Hook hook, const char* name) {
    if (!hook) throw std::logic_error(std::string("the plugin has no hook ") + name);
    auto live = std::make_shared<LiveAttempt>();
    tasker_task& raw = live->task;
    raw.struct_size = sizeof raw;
    raw.task_id = live->lent.lend(task.task_id);
    raw.namespace_name = live->lent.lend(top_level("namespace_name", "default"));
    raw.template_name = live->lent.lend(top_level("name", "test"));
    raw.template_version = live->lent.lend(top_level("version", "0.1.0"));
    raw.state = live->lent.lend(task.state);
    raw.context = live->lent.lend(task.context.dump());
    if (!task.results.is_null()) raw.results = live->lent.lend(task.results.dump());
    raw.correlation_id = live->lent.lend(task.correlation_id);
    live = host_->begin(std::move(live));
    return finish(live, task.patience, [&](tasker_outcome* out) { return hook(self_, &live->task, out); });
  }

  Library library_;
  Outline outline_;
  std::unique_ptr<KitHost> host_;
  void* self_ = nullptr;
  bool is_stopped_ = false;
  mutable std::mutex mutex_;
  std::vector<std::string> problems_;
};

}  // namespace kit
}  // namespace tasker
