// A runner's word on how an attempt ended, checked as the plugin's own would be: behind it is a process that the plugin may
// have taken over. Pure; any thread.
#pragma once

#include <cstdint>

#include "engine/ports.h"
#include "plugin/attempt_limits.h"
#include "runner/messages.h"

namespace tasker::model {
struct StepTemplate;
}

namespace tasker::runner {

engine::AttemptOutcome checked_outcome(const OutcomeText& text, std::uint32_t stop_bits, const model::StepTemplate& step,
                                       const plugin::AttemptLimits& limits);

}  // namespace tasker::runner
