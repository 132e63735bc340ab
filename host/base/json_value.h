// A JSON text as a tree that keeps numbers as they were written: for schemas, and for the documents they
// judge. Values point into the text, which must outlive them. Not for the hot path: check_json() looks
// without building.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "base/json.h"

namespace tasker::json {

struct Member;

struct Value {
  JsonKind kind = JsonKind::null;
  std::string_view text;  // the value as written, inside the source text
  std::string string;     // strings: without quotes and escapes
  std::vector<Value> items;
  std::vector<Member> members;  // in the order of the text; of a repeated name the last one counts

  bool is(JsonKind other) const { return kind == other; }
  const Value* find(std::string_view key) const;
};

struct Member {
  std::string key;
  Value value;
};

Result<Value> parse(std::string_view text, const JsonLimits& limits = {});

// The same text for equal values: members sorted, numbers normalised (1.0 and 1 are equal), escapes undone.
std::string canonical(const Value& value);

// A number as exact decimal digits: sign * 0.digits * 10^exponent; no digits at all for zero.
struct Decimal {
  bool negative = false;
  std::string digits;  // without leading and trailing zeros
  std::int64_t exponent = 0;

  // `text` is a number that the scanner accepted.
  static Decimal of(std::string_view text);
  bool is_integer() const { return static_cast<std::int64_t>(digits.size()) <= exponent || digits.empty(); }
  bool is_zero() const { return digits.empty(); }
  std::string text() const;
};

// Less than, equal to or greater than zero, as a is less than, equal to or greater than b.
int compare(const Decimal& a, const Decimal& b);
// `divisor` must be positive with at most 17 digits.
bool is_multiple(const Decimal& value, const Decimal& divisor);

}  // namespace tasker::json
