// Where log lines go in a process that has no log of its own: the child that runs an isolated plugin sends them to its
// host. Nothing else uses it.
#pragma once

#include <string_view>

#include "base/log.h"

namespace tasker {

using LogDivert = void (*)(LogLevel level, std::string_view message, const LogSubject& subject);

// [any] From now on every line of at least `level` goes to `divert`, which may be called from any thread, and none anywhere
// else. May be called again, to change the level.
void log_divert(LogDivert divert, LogLevel level);

}  // namespace tasker
