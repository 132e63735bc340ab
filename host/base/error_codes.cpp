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

}  // namespace tasker
