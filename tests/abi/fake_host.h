// The host's side of the contract, in memory: records what a plugin tells it, answers what a test sets. For tests that
// run handlers without a host. A plugin may call it from any thread.
#pragma once

#include <tasker/sdk.h>

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace abi_test {

struct LogLine {
  std::int32_t level;
  tasker_token token;
  std::string message;
  std::string fields;
};

struct Beat {
  std::int32_t progress;
  std::string note;
  std::string checkpoint;
};

// A copy of an outcome, as a host makes one before it releases the plugin's text.
struct Outcome {
  std::int32_t kind = -1;
  std::uint64_t retry_after_ms = 0;
  std::string payload, code, message;

  static Outcome take(const tasker_outcome& from) {
    Outcome outcome{from.kind, from.retry_after_ms, std::string(tasker::view(from.payload)),
                    std::string(tasker::view(from.code)), std::string(tasker::view(from.message))};
    if (from.release) from.release(from.release_ctx);
    return outcome;
  }
};

class FakeHost {
 public:
  FakeHost() {
    table_.struct_size = sizeof table_;
    table_.abi_major = TASKER_ABI_MAJOR;
    table_.abi_minor = TASKER_ABI_MINOR;
    table_.ctx = this;
    table_.name = tasker::borrow("fake");
    table_.version = tasker::borrow("0.0.0");
    table_.log = [](const tasker_host* host, tasker_token token, std::int32_t level, tasker_str message,
                    tasker_str fields) noexcept {
      FakeHost& self = of(host);
      const std::lock_guard lock(self.mutex_);
      self.logs.push_back({level, token, text(message), text(fields)});
    };
    table_.log_enabled = [](const tasker_host* host, std::int32_t level) noexcept -> std::int32_t {
      return level >= of(host).least_level;
    };
    table_.should_stop = [](const tasker_host* host, tasker_token) noexcept { return of(host).stop_bits; };
    table_.heartbeat = [](const tasker_host* host, tasker_token, std::int32_t progress, tasker_str note,
                          tasker_str checkpoint) noexcept {
      FakeHost& self = of(host);
      const std::lock_guard lock(self.mutex_);
      self.beats.push_back({progress, text(note), text(checkpoint)});
      return self.stop_bits;
    };
    table_.emit = [](const tasker_host* host, tasker_token, tasker_str name, tasker_str payload) noexcept {
      FakeHost& self = of(host);
      if (self.emit_answer == TASKER_E_OK) self.events.emplace_back(text(name), text(payload));
      return self.emit_answer;
    };
    table_.complete = [](const tasker_host* host, tasker_token token, const tasker_outcome* outcome) noexcept {
      FakeHost& self = of(host);
      const std::lock_guard lock(self.mutex_);
      self.completions.emplace_back(token, Outcome::take(*outcome));
      self.completed_.notify_all();
      return static_cast<std::int32_t>(TASKER_E_OK);
    };
    table_.extension = [](const tasker_host*, const char*) noexcept -> const void* { return nullptr; };
  }
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;

  const tasker_host* table() const { return &table_; }

  // False when it took longer than any machine should.
  bool wait_for_completions(std::size_t count) {
    std::unique_lock lock(mutex_);
    return completed_.wait_for(lock, std::chrono::seconds(30), [&] { return completions.size() >= count; });
  }

  std::int32_t least_level = TASKER_LOG_DEBUG;
  std::uint32_t stop_bits = 0;
  std::int32_t emit_answer = TASKER_E_OK;
  std::vector<LogLine> logs;
  std::vector<Beat> beats;
  std::vector<std::pair<std::string, std::string>> events;
  std::vector<std::pair<tasker_token, Outcome>> completions;

 private:
  static FakeHost& of(const tasker_host* host) { return *static_cast<FakeHost*>(host->ctx); }
  static std::string text(const tasker_str& from) { return std::string(tasker::view(from)); }

  tasker_host table_{};
  std::mutex mutex_;
  std::condition_variable completed_;
};

// The input of one attempt; the texts live as long as this.
struct Attempt {
  std::string context = "{}", inputs = "{}", config = "{}", checkpoint = {};
  std::uint32_t number = 1, retry_limit = 3;

  tasker_call call() const {
    tasker_call call{};
    call.struct_size = sizeof call;
    call.attempt = number;
    call.retry_limit = retry_limit;
    call.token = 7;
    call.task_id = tasker::borrow("42");
    call.step_id = tasker::borrow("688129");
    call.step_name = tasker::borrow("run");
    call.namespace_name = tasker::borrow("test");
    call.template_name = tasker::borrow("fake");
    call.template_version = tasker::borrow("1.0.0");
    call.idempotency_key = tasker::borrow("42/1/0");
    call.correlation_id = tasker::borrow("corr");
    call.context = tasker::borrow(context);
    call.inputs = tasker::borrow(inputs);
    call.config = tasker::borrow(config);
    if (!checkpoint.empty()) call.checkpoint = tasker::borrow(checkpoint);
    return call;
  }
};

// A plugin's table after init; fini on the way out.
class Running {
 public:
  Running(const tasker_plugin& plugin, FakeHost& host, std::string config = "{}") : plugin_(plugin) {
    tasker_outcome error{};
    error.struct_size = sizeof error;
    status = plugin_.init(host.table(), tasker::borrow(config), &self_, &error);
    if (status != 0) init_error = Outcome::take(error);
    leftovers = error.release != nullptr && status == 0;
  }
  ~Running() {
    if (status == 0) plugin_.fini(self_);
  }
  Running(const Running&) = delete;
  Running& operator=(const Running&) = delete;

  const tasker_handler* find(std::string_view name) const {
    for (auto entry = plugin_.handlers; *entry; ++entry) {
      if (tasker::view((*entry)->name) == name) return *entry;
    }
    return nullptr;
  }

  // What run() returned goes to `answer`.
  Outcome run(std::string_view name, const Attempt& attempt = {}) {
    const tasker_handler* handler = find(name);
    if (!handler) return {};
    tasker_outcome out{};
    out.struct_size = sizeof out;
    const tasker_call call = attempt.call();
    answer = handler->run(self_, &call, &out);
    return answer == TASKER_DONE ? Outcome::take(out) : Outcome{};
  }

  std::int32_t status = 0;
  std::int32_t answer = -1;
  bool leftovers = false;
  Outcome init_error;

 private:
  const tasker_plugin& plugin_;
  void* self_ = nullptr;
};

}  // namespace abi_test
