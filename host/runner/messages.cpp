#include "runner/messages.h"

namespace tasker::runner {
namespace {

// Beside what the limits allow: codes, messages, names.
constexpr std::size_t kRest = 64 * 1024;

}  // namespace

void encode(std::string& to, const Hello& hello) {
  FrameWriter frame(to, FrameKind::hello, 0);
  frame.u32(hello.protocol).i64(hello.host_process);
  for (const auto text : {hello.file, hello.sha256, hello.version, hello.environment, hello.source, hello.config}) frame.text(text);
  const plugin::AttemptLimits& limits = hello.attempts;
  for (const std::size_t limit :
       {limits.max_result_bytes, limits.max_checkpoint_bytes, limits.max_event_bytes, limits.max_events, limits.max_log_bytes})
    frame.u64(limit);
  for (const std::uint32_t number :
       {hello.workers, hello.async_workers, hello.slots, hello.beat_ms, hello.memory_mib, hello.files})
    frame.u32(number);
  frame.u8(static_cast<std::uint8_t>(hello.seccomp)).u8(static_cast<std::uint8_t>(hello.log_level)).end();
}

std::optional<Hello> decode_hello(std::string_view body) {
  BodyReader from(body);
  Hello hello;
  hello.protocol = from.u32();
  hello.host_process = from.i64();
  for (auto* text : {&hello.file, &hello.sha256, &hello.version, &hello.environment, &hello.source, &hello.config})
    *text = from.text();
  plugin::AttemptLimits& limits = hello.attempts;
  for (std::size_t* limit : {&limits.max_result_bytes, &limits.max_checkpoint_bytes, &limits.max_event_bytes,
                             &limits.max_events, &limits.max_log_bytes})
    *limit = from.u64();
  for (std::uint32_t* number :
       {&hello.workers, &hello.async_workers, &hello.slots, &hello.beat_ms, &hello.memory_mib, &hello.files})
    *number = from.u32();
  const std::uint8_t seccomp = from.u8(), level = from.u8();
  if (!from.whole() || seccomp > static_cast<std::uint8_t>(SeccompProfile::strict) ||
      level > static_cast<std::uint8_t>(LogLevel::off))
    return std::nullopt;
  hello.seccomp = static_cast<SeccompProfile>(seccomp);
  hello.log_level = static_cast<LogLevel>(level);
  return hello;
}

std::size_t encode_start(std::string& to, std::uint64_t token, const engine::AttemptInput& input, Ord lent) {
  FrameWriter frame(to, FrameKind::start, token);
  frame.u32(static_cast<std::uint32_t>(lent)).u32(static_cast<std::uint32_t>(input.fence.step.ord)).u32(static_cast<std::uint32_t>(input.attempt));
  frame.u32(static_cast<std::uint32_t>(input.retry_limit)).u32(static_cast<std::uint32_t>(input.fence.claim_no));
  frame.i64(raw(input.fence.step.task)).text(input.task_id).text(input.idempotency_key);
  frame.text(input.context ? std::string_view(*input.context) : std::string_view()).text(input.inputs);
  frame.text(input.correlation_id).text(input.traceparent).text(input.checkpoint);
  if (lent != 0) {
    frame.text(input.definition->namespace_name).text(input.definition->name).text(input.definition->version.text());
    frame.text(input.step->name).text(input.step->handler_config).u32(static_cast<std::uint32_t>(input.step->custom_events.size()));
    for (const auto& event : input.step->custom_events) frame.text(event.name);
  }
  return frame.end();
}

namespace {

// As many as there are bytes for.
bool read_foreign(BodyReader& from, ForeignStep& step) {
  for (auto* text : {&step.namespace_name, &step.template_name, &step.version, &step.name, &step.config}) *text = from.text();
  const std::uint32_t events = from.u32();
  for (std::uint32_t i = 0; i < events; ++i) {
    if (!from.fits()) return false;
    step.events.push_back(from.text());
  }
  return true;
}

}  // namespace

std::optional<Start> decode_start(std::string_view body) {
  BodyReader from(body);
  Start start;
  for (std::int32_t* number : {&start.lent, &start.ord, &start.attempt, &start.retry_limit, &start.claim_no})
    *number = static_cast<std::int32_t>(from.u32());
  start.task = static_cast<TaskId>(from.i64());
  for (auto* text : {&start.task_id, &start.idempotency_key, &start.context, &start.inputs, &start.correlation_id,
                     &start.traceparent, &start.checkpoint})
    *text = from.text();
  if (start.lent != 0 && !read_foreign(from, start.foreign)) return std::nullopt;
  if (!from.whole()) return std::nullopt;
  return start;
}

void encode(std::string& to, const Ready& ready) {
  FrameWriter(to, FrameKind::ready, 0).u8(ready.is_ready ? 1 : 0).text(ready.code).text(ready.message).end();
}

std::optional<Ready> decode_ready(std::string_view body) {
  BodyReader from(body);
  Ready ready;
  ready.is_ready = from.u8() == 1;
  ready.code = from.text();
  ready.message = from.text();
  if (!from.whole()) return std::nullopt;
  return ready;
}

void encode_outcome(std::string& to, std::uint64_t token, const engine::AttemptOutcome& outcome) {
  FrameWriter frame(to, FrameKind::outcome, token);
  frame.u8(static_cast<std::uint8_t>(outcome.kind)).i64(outcome.retry_after.count()).text(outcome.payload);
  frame.text(outcome.code).text(outcome.message).text(outcome.events).text(outcome.checkpoint).end();
}

std::optional<OutcomeText> decode_outcome(std::string_view body) {
  BodyReader from(body);
  OutcomeText outcome;
  outcome.kind = from.u8();
  outcome.retry_after_ms = from.i64();
  for (auto* text : {&outcome.payload, &outcome.code, &outcome.message, &outcome.events, &outcome.checkpoint})
    *text = from.text();
  if (!from.whole()) return std::nullopt;
  return outcome;
}

void encode(std::string& to, const LogText& line) {
  FrameWriter frame(to, FrameKind::log, 0);
  frame.u8(static_cast<std::uint8_t>(line.level)).text(line.message).text(line.code).text(line.task);
  frame.text(line.step).text(line.correlation_id).text(line.fields).end();
}

std::optional<LogText> decode_log(std::string_view body) {
  BodyReader from(body);
  LogText line;
  const std::uint8_t level = from.u8();
  for (auto* text : {&line.message, &line.code, &line.task, &line.step, &line.correlation_id, &line.fields})
    *text = from.text();
  if (!from.whole() || level > static_cast<std::uint8_t>(LogLevel::error)) return std::nullopt;
  line.level = static_cast<LogLevel>(level);
  return line;
}

void encode_stop(std::string& to, std::uint64_t token, std::uint32_t bits) {
  FrameWriter(to, FrameKind::stop, token).u32(bits).end();
}

std::optional<std::uint32_t> decode_stop(std::string_view body) {
  BodyReader from(body);
  const std::uint32_t bits = from.u32();
  if (!from.whole()) return std::nullopt;
  return bits;
}

// From now on, lines of at least this level.
void encode_level(std::string& to, LogLevel level) {
  FrameWriter(to, FrameKind::level, 0).u8(static_cast<std::uint8_t>(level)).end();
}

std::optional<LogLevel> decode_level(std::string_view body) {
  BodyReader from(body);
  const std::uint8_t level = from.u8();
  if (!from.whole() || level > static_cast<std::uint8_t>(LogLevel::off)) return std::nullopt;
  return static_cast<LogLevel>(level);
}

void encode_bare(std::string& to, FrameKind kind) { FrameWriter(to, kind, 0).end(); }

std::size_t max_runner_body(const plugin::AttemptLimits& limits) {
  // Names of events are counted with them, their frame of JSON is not.
  return limits.max_result_bytes + limits.max_checkpoint_bytes + limits.max_event_bytes + limits.max_events * 64 +
         limits.max_log_bytes * 2 + kRest;
}

}  // namespace tasker::runner
