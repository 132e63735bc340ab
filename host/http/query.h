// Splits a request target into path segments and query parameters, percent-decoded. Strict: a bad escape, an
// unknown or a repeated parameter is refused by name, because a filter that is ignored answers another
// question. [any]
#pragma once

#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/result.h"

namespace tasker::http {

struct Target {
  std::string path;                   // still encoded, without the query
  std::vector<std::string> segments;  // decoded; "/a/b" has two, "/" none
  bool trailing_slash = false;
  std::vector<std::pair<std::string, std::string>> query;  // decoded

  const std::string* find(std::string_view name) const;
};

Result<Target> parse_target(std::string_view target);

// Refuses every parameter that is not listed, and any that comes twice.
Result<void> check_parameters(const Target& target, std::initializer_list<std::string_view> known);

// A whole number from `low` to `high`; `name` is what the refusal calls it.
Result<std::int64_t> parse_number(std::string_view name, std::string_view text, std::int64_t low,
                                  std::int64_t high);

}  // namespace tasker::http
