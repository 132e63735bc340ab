// The sizes that the contract's structs had in version 1.0, and have for ever: what a plugin of that header says of its own.
// A reader compares with these and not with sizeof, which grows with the header that the host is built with; a member that came
// later is read behind TASKER_HAS.
#pragma once

#include <cstdint>

#include "tasker/plugin.h"

namespace tasker::plugin {

inline constexpr std::uint32_t kPluginSize1_0 = 80, kHandlerSize1_0 = 40, kOutcomeSize1_0 = 80;

static_assert(sizeof(tasker_plugin) >= kPluginSize1_0 && sizeof(tasker_handler) >= kHandlerSize1_0);
static_assert(sizeof(tasker_outcome) >= kOutcomeSize1_0);

}  // namespace tasker::plugin
