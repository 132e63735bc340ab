// One attempt of one step, as its handler sees it. Lives on the worker's stack and dies when the handler returns:
// keep values, not the Call. The JSON views are parsed on first use; the text views are the bytes as stored.
// [worker]; heartbeat, emit, log and the stop questions also from threads that end before the handler returns.
#pragma once

#include <tasker/plugin.h>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "tasker/sdk/errors.h"
#include "tasker/sdk/host.h"
#include "tasker/sdk/json.h"

namespace tasker {
inline namespace sdk_v1 {

class Call {
 public:
  Call(const tasker_host* host, const tasker_call* call) : host_(host), call_(call) {}
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  // What the task was submitted with.
  const Json& context() { return parsed_object(context_, call_->context, "context"); }
  // {"parent step": its result, ...}
  const Json& inputs() { return parsed_object(inputs_, call_->inputs, "inputs"); }
  // One parent's result; fails for good when the template gives this step no such parent.
  const Json& input(const std::string& parent) {
    const Json& all = inputs();
    const auto found = all.find(parent);
    if (found == all.end()) {
      throw PermanentError("step " + std::string(step_name()) + " has no input from " + parent, "plugin.bad_input");
    }
    return *found;
  }
  // The step's handler_config of the template.
  const Json& config() { return parsed(config_, call_->config, "handler_config"); }
  // The last checkpoint of an earlier attempt, or null.
  const Json& checkpoint() { return parsed(checkpoint_, call_->checkpoint, "checkpoint"); }

  std::string_view context_text() const { return view(call_->context); }
  std::string_view inputs_text() const { return view(call_->inputs); }
  std::string_view config_text() const { return view(call_->config); }
  std::string_view checkpoint_text() const { return view(call_->checkpoint); }

  int attempt() const { return static_cast<int>(call_->attempt); }  // 1 on the first try
  int retry_limit() const { return static_cast<int>(call_->retry_limit); }
  bool is_last_attempt() const { return call_->attempt >= call_->retry_limit; }
  // The same on every attempt of this step: hand it to whatever must not happen twice.
  std::string_view idempotency_key() const { return view(call_->idempotency_key); }
  std::string_view task_id() const { return view(call_->task_id); }
  std::string_view step_id() const { return view(call_->step_id); }
  std::string_view step_name() const { return view(call_->step_name); }
  std::string_view namespace_name() const { return view(call_->namespace_name); }
  std::string_view template_name() const { return view(call_->template_name); }
  std::string_view template_version() const { return view(call_->template_version); }
  std::string_view correlation_id() const { return view(call_->correlation_id); }
  std::string_view traceparent() const { return view(call_->traceparent); }
  std::optional<std::chrono::system_clock::time_point> deadline() const {
    if (call_->deadline_unix_ms == 0) return std::nullopt;
    return std::chrono::system_clock::time_point(std::chrono::milliseconds(call_->deadline_unix_ms));
  }

  // TASKER_STOP_* bits; 0 to carry on. Cheap enough for an inner loop.
  std::uint32_t stop_bits() const { return raw()->should_stop(raw(), call_->token); }
  bool should_stop() const { return stop_bits() != 0; }
  bool is_cancelled() const { return (stop_bits() & TASKER_STOP_CANCELLED) != 0; }
  bool is_past_deadline() const { return (stop_bits() & TASKER_STOP_DEADLINE) != 0; }
  bool is_draining() const { return (stop_bits() & TASKER_STOP_DRAINING) != 0; }
  bool is_lease_lost() const { return (stop_bits() & TASKER_STOP_LEASE_LOST) != 0; }
  // For places where nothing is left half-done: ends the attempt as cancelled.
  void throw_if_stopping() const {
    if (should_stop()) throw Cancelled();
  }

  void log(Level level, std::string_view message, const Json& fields = nullptr) const {
    host_.log(level, message, fields, call_->token);
  }
  void info(std::string_view message, const Json& fields = nullptr) const { log(Level::info, message, fields); }
  void warn(std::string_view message, const Json& fields = nullptr) const { log(Level::warn, message, fields); }

  // "Still alive"; answers the stop bits. progress is 0..1000, or -1 for unknown.
  std::uint32_t heartbeat() const { return beat(-1, {}, {nullptr, 0}); }
  std::uint32_t heartbeat(const Json& checkpoint, int progress = -1, std::string_view note = {}) const {
    const std::string text = print_output(checkpoint, "checkpoint");
    return beat(progress, note, borrow(text));
  }

  // A domain event, committed with the attempt's outcome and never seen without it.
  void emit(std::string_view event_name, const Json& payload = Json::object()) const {
    const std::string text = print_output(payload, "event");
    const std::int32_t status = raw()->emit(raw(), call_->token, borrow(event_name), borrow(text));
    if (status == TASKER_E_OK) return;
    const std::string name(event_name);
    if (status == TASKER_E_STALE) throw Cancelled("event " + name + " came after the attempt's end");
    if (status == TASKER_E_BUSY) throw RetryableError("the host was too busy for event " + name);
    throw PermanentError("the host refused event " + name, "plugin.bad_event");
  }

  const tasker_call& raw_call() const { return *call_; }

 private:
  const tasker_host* raw() const { return host_.raw(); }
  std::uint32_t beat(int progress, std::string_view note, tasker_str checkpoint) const {
    return raw()->heartbeat(raw(), call_->token, progress, borrow(note), checkpoint);
  }
  static const Json& parsed(std::optional<Json>& slot, const tasker_str& text, std::string_view what) {
    if (!slot) slot = parse_input(view(text), what);
    return *slot;
  }

  static const Json& parsed_object(std::optional<Json>& slot, const tasker_str& text, std::string_view what) {
    if (!parsed(slot, text, what).is_object())
      throw PermanentError("the " + std::string(what) + " is not a JSON object", "plugin.bad_input");
    return *slot;
  }

  Host host_;
  const tasker_call* call_;
  std::optional<Json> context_, inputs_, config_, checkpoint_;
};

}  // namespace sdk_v1
}  // namespace tasker
