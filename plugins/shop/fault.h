// What is wrong for good with what a task asks for: a stable code for scripts and one sentence for people. It
// is the SDK's error that ends a step without another attempt, with the code first, as rules read best.
#pragma once

#include <tasker/sdk/errors.h>

#include <string>
#include <utility>

namespace shop {

class Fault : public tasker::PermanentError {
 public:
  Fault(std::string code, const std::string& message) : tasker::PermanentError(message, std::move(code)) {}
};

}  // namespace shop
