// Walks JSON text once and tells a handler what it meets; check_json and JsonValue are its two users, so both
// refuse the same texts. Not part of the joining headers. No recursion, no allocation. [any] thread.
#pragma once

#include <cstdint>
#include <string_view>

#include "base/json.h"

namespace tasker::json {

// Receives the parts of a text in order. Views point into the text; strings still carry their escapes. `at`
// is the offset of the opening character, and the one behind the closing character.
class Sink {
 public:
  virtual ~Sink() = default;
  virtual void begin(JsonKind kind, std::size_t at) = 0;  // object or array
  virtual void end(std::size_t at) = 0;
  virtual void key(std::string_view quoted) = 0;
  virtual void scalar(JsonKind kind, std::string_view text) = 0;
};

// What begins with this character; anything that cannot be told by it is a number, or nothing.
constexpr JsonKind kind_at(char c) {
  switch (c) {
    case '{':
      return JsonKind::object;
    case '[':
      return JsonKind::array;
    case '"':
      return JsonKind::string;
    case 't':
    case 'f':
      return JsonKind::boolean;
    case 'n':
      return JsonKind::null;
    default:
      return JsonKind::number;
  }
}

constexpr bool is_space(char c) { return c == ' ' || c == '\n' || c == '\t' || c == '\r'; }

// `sink` may be null: then the text is only checked.
Result<JsonKind> scan(std::string_view text, const JsonLimits& limits, Sink* sink);

// The characters of a string that scan() accepted; `quoted` includes the quotes.
void append_unescaped(std::string_view quoted, std::string& out);

void append_utf8(std::uint32_t code_point, std::string& out);

}  // namespace tasker::json
