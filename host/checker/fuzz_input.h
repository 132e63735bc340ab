// Made-up contexts and inputs for handlers: like what the template's schema asks for, more or less spoilt. The same seed makes the
// same input on every machine. Pure.
#pragma once

#include <cstdint>
#include <string>

#include "checker/specimen.h"

namespace tasker::checker {

// `schema`: of the context, may be empty; `example`: a context that is good.
Input fuzz_input(std::uint64_t seed, const std::string& schema, const std::string& example);

}  // namespace tasker::checker
