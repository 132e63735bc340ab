// What is wrong with an order or its payment, for good: a stable code for scripts and one sentence for
// people. The business rules throw it; handlers.cpp turns it into the SDK's PermanentError, so that the rules
// need no SDK.
#pragma once

#include <stdexcept>
#include <string>
#include <utility>

namespace order_process {

class Fault : public std::runtime_error {
 public:
  Fault(std::string code, const std::string& message) : std::runtime_error(message), code_(std::move(code)) {}
  const std::string& code() const { return code_; }

 private:
  std::string code_;
};

}  // namespace order_process
