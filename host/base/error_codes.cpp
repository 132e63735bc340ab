#include "base/error_codes.h"

namespace tasker {

std::string_view code_text(Code code) {
  switch (code) {
#define X(name, text, http) \
  case Code::name:          \
    return text;
    TASKER_ERROR_CODES(X)
#undef X
  }
  return "internal";
}

int code_http_status(Code code) {
  switch (code) {
#define X(name, text, http) \
  case Code::name:          \
    return http;
    TASKER_ERROR_CODES(X)
#undef X
  }
  return 500;
}

std::span<const Code> all_codes() {
  static constexpr Code kAll[] = {
#define X(name, text, http) Code::name,
      TASKER_ERROR_CODES(X)
#undef X
  };
  return kAll;
}

std::optional<Code> code_from_text(std::string_view text) {
  for (const Code code : all_codes())
    if (code_text(code) == text) return code;
  return std::nullopt;
}

}  // namespace tasker
