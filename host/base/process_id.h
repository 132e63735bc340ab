// Names one process of one boot of one machine, so that another process there can prove that it is gone: kernel boot id,
// pid namespace, pid, start time in clock ticks. Reads /proc. [any] thread.
#pragma once

#include <string>
#include <string_view>

namespace tasker {

std::string current_process();

// True only when the named process ran under this very kernel and pid namespace and no longer exists. False proves
// nothing: it may run on another machine.
bool certainly_gone(std::string_view process);

}  // namespace tasker
