// What the frames say: each message with its body's encoding. Decoding is total: any bytes give a message or nothing, and
// texts stay views into the frame. What a runner says is not believed beyond that; who uses it checks the values. Pure.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/error_codes.h"
#include "base/log.h"
#include "base/result.h"
#include "engine/ports.h"
#include "plugin/attempt_limits.h"
#include "runner/frame.h"
#include "runner/runner_limits.h"

namespace tasker::runner {

inline constexpr std::uint32_t kProtocol = 1;

// The host's first word: which plugin to hold, and within which bounds.
struct Hello {
  std::uint32_t protocol = kProtocol;
  std::int64_t host_process = 0;
  std::string_view file{}, sha256{}, version{}, environment{}, source{}, config{};
  plugin::AttemptLimits attempts{};
  std::uint32_t workers = 1, async_workers = 1, slots = 1, beat_ms = 1000;
  std::uint32_t memory_mib = 0, files = 0;
  SeccompProfile seccomp = SeccompProfile::standard;
  LogLevel log_level = LogLevel::info;
};

// The step of a workflow without code: the runner's plugin lends it a handler and does not know its template.
struct ForeignStep {
  std::string_view namespace_name{}, template_name{}, version{}, name{}, config{};
  std::vector<std::string_view> events{};  // that it may emit
};

// One attempt. The token's low bits are the attempt's slot.
struct Start {
  Ord ord = 0;
  Ord lent = 0;         // the step of the plugin's own template whose handler runs; 0: it is a step of that template itself
  ForeignStep foreign{};  // when lent
  std::int32_t attempt = 1, retry_limit = 1, claim_no = 0;
  TaskId task{};
  std::string_view task_id{}, idempotency_key{}, context{}, inputs{}, correlation_id{}, traceparent{}, checkpoint{};
};

// The runner's answer to Hello: ready, or why not.
struct Ready {
  bool is_ready = false;
  std::string_view code{}, message{};
};

struct OutcomeText {
  std::uint8_t kind = 0;
  std::int64_t retry_after_ms = -1;
  std::string_view payload{}, code{}, message{}, events{}, checkpoint{};
};

struct LogText {
  LogLevel level = LogLevel::info;
  std::string_view message{}, code{}, task{}, step{}, correlation_id{}, fields{};
};

inline constexpr unsigned kSlotBits = 16;
constexpr std::uint32_t slot_of(std::uint64_t token) { return token & ((1u << kSlotBits) - 1); }

void encode(std::string& to, const Hello& hello);
// Answers the frame's size.
std::size_t encode_start(std::string& to, std::uint64_t token, const engine::AttemptInput& input, Ord lent = 0);
void encode(std::string& to, const Ready& ready);
void encode_outcome(std::string& to, std::uint64_t token, const engine::AttemptOutcome& outcome);
void encode(std::string& to, const LogText& line);
void encode_stop(std::string& to, std::uint64_t token, std::uint32_t bits);
void encode_level(std::string& to, LogLevel level);
void encode_bare(std::string& to, FrameKind kind);

std::optional<Hello> decode_hello(std::string_view body);
std::optional<Start> decode_start(std::string_view body);
std::optional<Ready> decode_ready(std::string_view body);
std::optional<OutcomeText> decode_outcome(std::string_view body);
std::optional<LogText> decode_log(std::string_view body);
std::optional<std::uint32_t> decode_stop(std::string_view body);
std::optional<LogLevel> decode_level(std::string_view body);

// No outcome or line of a plugin within these limits is longer.
std::size_t max_runner_body(const plugin::AttemptLimits& limits);

}  // namespace tasker::runner
