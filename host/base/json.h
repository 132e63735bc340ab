// JSON text at the borders: is it well formed, bounded, and something PostgreSQL's jsonb will take? JSON
// travels through the host as text (parsing and printing it again would change numbers), so the check builds
// nothing and allocates nothing on success. base/json_value.h builds a tree where one is needed. [any]
// thread.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

#include "base/result.h"

namespace tasker {

struct JsonLimits {
  std::size_t max_bytes = 16u << 20;
  int max_depth = 100;  // `[]` is 1; deeper text is refused while it is read, so no stack can overflow
};

// What a text turned out to be.
enum class JsonKind { object, array, string, number, boolean, null };

// RFC 8259, strictly, and what jsonb refuses besides: `\u0000`, unpaired surrogates, invalid UTF-8, numbers
// beyond PostgreSQL's numeric. Code::invalid_json or too_large; the sentence holds the byte offset, line and
// column.
Result<JsonKind> check_json(std::string_view text, const JsonLimits& limits = {});

// True for text that passes check_json and whose outermost value is an object.
bool is_json_object(std::string_view text, const JsonLimits& limits = {});

// `text` as a JSON string with its quotes. Bytes that are not UTF-8 and NUL, which jsonb cannot hold, become
// U+FFFD: made for messages from anywhere.
std::string json_quote(std::string_view text);

}  // namespace tasker
