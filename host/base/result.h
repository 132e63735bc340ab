// Expected failures are values: Result<T> is a T or an Error. Exceptions are kept for what ends the unit of
// work (out of memory, a broken invariant); none crosses a folder's border.
#pragma once

#include <boost/system/result.hpp>
#include <stdexcept>
#include <string>
#include <utility>

#include "base/error_codes.h"

namespace tasker {

// What a caller may do about a failure.
enum class Retry { never, later };

struct Error {
  Code code = Code::internal;
  std::string message;  // what was tried, on what, what happened, what to do
  Retry retry = Retry::never;
};

template <class T>
using Result = boost::system::result<T, Error>;

// Result::value() on an error: a programmer's mistake, so it throws.
[[noreturn]] inline void throw_exception_from_error(const Error& error, const boost::source_location&) {
  throw std::logic_error(std::string(code_text(error.code)) + ": " + error.message);
}

inline Error make_error(Code code, std::string message, Retry retry = Retry::never) {
  return Error{code, std::move(message), retry};
}

}  // namespace tasker
