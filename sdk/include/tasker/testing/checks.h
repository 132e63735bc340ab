// What a host checks of what a plugin hands over: limits, JSON, kinds of outcome. The numbers are a host's defaults.
// Pure, but for `release`, which is called once whatever is found. [any]
#pragma once

#include <tasker/plugin.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

#include "tasker/sdk/json.h"
#include "tasker/testing/outcome.h"

namespace tasker {
namespace kit {

struct Limits {
  std::size_t result_bytes = 256 * 1024;
  std::size_t checkpoint_bytes = 64 * 1024;
  std::size_t event_bytes = 256 * 1024;  // of all events of one attempt
  std::size_t events = 1000;
  std::size_t log_bytes = 16 * 1024;  // of a line's message, and of its fields
};

inline bool is_readable(const tasker_str& text) { return text.data != nullptr || text.size == 0; }

// "\u0000" is JSON, but PostgreSQL's jsonb does not take it.
inline bool has_escaped_nul(std::string_view text) {
  for (std::size_t at = text.find('\\'); at != std::string_view::npos; at = text.find('\\', at + 2)) {
    if (text.substr(at, 6) == "\\u0000") return true;
  }
  return false;
}

namespace detail {

// Says whether text is JSON. A number that double cannot hold, 1e400, is: PostgreSQL keeps it.
struct JsonReader : nlohmann::json_sax<Json> {
  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(number_integer_t) override { return true; }
  bool number_unsigned(number_unsigned_t) override { return true; }
  bool number_float(number_float_t, const string_t&) override { return true; }
  bool string(string_t&) override { return true; }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override { return true; }
  bool key(string_t&) override { return true; }
  bool end_object() override { return true; }
  bool start_array(std::size_t) override { return true; }
  bool end_array() override { return true; }
  bool parse_error(std::size_t, const std::string&, const Json::exception& error) override {
    constexpr int kNumberOverflow = 406;  // reading ends there: what follows is taken on trust
    has_huge_number = has_huge_number || error.id == kNumberOverflow;
    return false;
  }
  bool has_huge_number = false;
};

inline bool is_json(std::string_view text) {
  JsonReader reader;
  return Json::sax_parse(text, &reader) || reader.has_huge_number;
}

}  // namespace detail

// Empty when the text is JSON that a host takes, else why not.
inline std::string json_problem(const tasker_str& text, std::size_t limit) {
  if (!is_readable(text)) return "is NULL but has a size of " + std::to_string(text.size);
  const std::string_view json = view(text);
  if (json.size() > limit) {
    return "has " + std::to_string(json.size()) + " bytes, more than the limit of " + std::to_string(limit);
  }
  if (nests_too_deep(json)) return "nests deeper than 100 levels";
  if (!detail::is_json(json)) return "is not JSON: " + std::string(json.substr(0, 80));
  if (has_escaped_nul(json)) return "holds \\u0000, which PostgreSQL cannot store";
  return {};
}

inline Json parsed_or_null(const tasker_str& text) {
  return text.size > 0 ? Json::parse(view(text), nullptr, false) : Json(nullptr);
}

// What a host makes of an outcome that breaks the contract.
inline void refuse(Outcome& outcome, const char* code, std::string message) {
  outcome.kind = Kind::fail;
  outcome.code = code;
  outcome.problems.push_back(message);
  outcome.message = std::move(message);
}

inline void copy_text(Outcome& to, const tasker_outcome& from, const Limits& limits) {
  to.kind = static_cast<Kind>(from.kind);
  if (from.payload.size > 0) {
    if (const std::string problem = json_problem(from.payload, limits.result_bytes); !problem.empty()) {
      return refuse(to, "plugin.bad_result", "the result " + problem);
    }
    to.result_text = view(from.payload);
    to.result = parsed_or_null(from.payload);
  } else if (to.kind == Kind::ok) {
    to.result_text = "null";
  }
  if (to.kind == Kind::ok) return;
  to.code = view(from.code);
  to.message = view(from.message);
  const bool may_wait = to.kind == Kind::retry || to.kind == Kind::wait;
  if (may_wait && from.retry_after_ms > 0) to.retry_after = Millis(from.retry_after_ms);
}

inline void copy_outcome(Outcome& to, const tasker_outcome& from, std::uint32_t stop_bits, const Limits& limits) {
  const auto bad = [&](std::string message) { refuse(to, "plugin.bad_outcome", std::move(message)); };
  if (from.struct_size < offsetof(tasker_outcome, release_ctx) + sizeof(void*))
    return bad("the outcome says that it has " + std::to_string(from.struct_size) + " bytes: set struct_size");
  if (from.kind < TASKER_OK || from.kind > TASKER_CANCELLED)
    return bad("outcome kind " + std::to_string(from.kind) + " does not exist");
  if (from.kind == TASKER_WAIT && from.retry_after_ms == 0) return bad("WAIT without retry_after_ms: it must say how long");
  if (from.kind == TASKER_CANCELLED && stop_bits == 0)
    return bad("CANCELLED although nobody had asked the handler to stop");
  if (!is_readable(from.payload) || !is_readable(from.code) || !is_readable(from.message))
    return refuse(to, "plugin.bad_result", "the outcome holds a text that is NULL but has a size");
  copy_text(to, from, limits);
}

inline void release(const tasker_outcome& outcome) {
  if (TASKER_HAS(&outcome, release_ctx) && outcome.release) outcome.release(outcome.release_ctx);
}

}  // namespace kit
}  // namespace tasker
