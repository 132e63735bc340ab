// The barrier: runs code of the plugin and turns whatever it returns or throws into an outcome. No exception
// passes it, not even the one for memory that runs out while the error itself is being written down. One thing is
// beyond it: nlohmann::json allocates to destroy arrays and objects, and ends the process when it cannot. [any]
#pragma once

#include <tasker/plugin.h>

#include <chrono>
#include <cstdint>
#include <exception>
#include <memory>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

#include "tasker/sdk/errors.h"
#include "tasker/sdk/json.h"

namespace tasker {
inline namespace sdk_v1 {
namespace detail {

// Owns an outcome's text from the moment it is handed over until the host calls release.
struct OutcomeText {
  std::string payload, code, message;
};

inline void release_text(void* text) noexcept { delete static_cast<OutcomeText*>(text); }

inline void hand_over(tasker_outcome* out, std::int32_t kind, std::unique_ptr<OutcomeText> text) noexcept {
  out->kind = kind;
  out->payload = borrow(text->payload);
  out->code = borrow(text->code);
  out->message = borrow(text->message);
  out->release = release_text;
  out->release_ctx = text.release();
}

inline void hand_over_static(tasker_outcome* out, std::int32_t kind, std::string_view code,
                             std::string_view message) noexcept {
  out->kind = kind;
  out->payload = {nullptr, 0};
  out->code = borrow(code);
  out->message = borrow(message);
  out->release = nullptr;
  out->release_ctx = nullptr;
}

inline void hand_over_error(tasker_outcome* out, std::int32_t kind, std::string_view code,
                            std::string_view message) {
  auto text = std::make_unique<OutcomeText>();
  text->code = code;
  text->message = message;
  hand_over(out, kind, std::move(text));
}

// 0 would mean "as the backoff says", so a wish for "at once" becomes the shortest time there is.
inline std::uint64_t at_least_one(std::chrono::milliseconds time) {
  return time.count() > 0 ? static_cast<std::uint64_t>(time.count()) : 1;
}

// Only inside a catch block. May throw when memory runs out.
inline void describe_current(tasker_outcome* out) {
  try {
    throw;
  } catch (const RetryableError& error) {
    if (error.retry_after()) out->retry_after_ms = at_least_one(*error.retry_after());
    hand_over_error(out, TASKER_RETRY, error.code(), error.what());
  } catch (const PermanentError& error) {
    hand_over_error(out, TASKER_FAIL, error.code(), error.what());
  } catch (const WaitFor& error) {
    out->retry_after_ms = at_least_one(error.delay());
    hand_over_error(out, TASKER_WAIT, "wait", error.what());
  } catch (const Cancelled& error) {
    hand_over_error(out, TASKER_CANCELLED, "cancelled", error.what());
  } catch (const std::exception& error) {
    hand_over_error(out, TASKER_RETRY, "exception", error.what());
  } catch (...) {
    hand_over_static(out, TASKER_RETRY, "exception", "the handler threw something that is not a std::exception");
  }
}

template <class Result>
std::string result_text(Result&& result) {
  if constexpr (std::is_same_v<std::decay_t<Result>, JsonText>) {
    return std::forward<Result>(result).text;
  } else {
    return print_output(Json(std::forward<Result>(result)), "result");
  }
}

}  // namespace detail

// Runs `body`; what it returns is the result, what it throws is the error. A body without a result gives null.
template <class Body>
void guard(tasker_outcome* out, Body&& body) noexcept {
  try {
    try {
      auto text = std::make_unique<detail::OutcomeText>();
      if constexpr (std::is_void_v<std::invoke_result_t<Body>>) {
        std::forward<Body>(body)();
        text->payload = "null";
      } else {
        text->payload = detail::result_text(std::forward<Body>(body)());
      }
      detail::hand_over(out, TASKER_OK, std::move(text));
    } catch (...) {
      detail::describe_current(out);
    }
  } catch (...) {
    detail::hand_over_static(out, TASKER_RETRY, "exception", "out of memory while an error was written down");
  }
}

}  // namespace sdk_v1
}  // namespace tasker
