// JSON as YAML for people who read it: block style, numbers with the digits they had, texts quoted where they could be
// taken for something else. What cannot be parsed as JSON is an error.
#pragma once

#include <string>
#include <string_view>

#include "base/result.h"

namespace tasker::app {

Result<std::string> yaml_of(std::string_view json);

}  // namespace tasker::app
