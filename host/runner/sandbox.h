// What a runner gives up before it touches the plugin: to outlive its host, to gain privileges, to use more memory or
// descriptors than allowed, to dump core, and the system calls that its profile forbids. Called in the runner, before it has
// a second thread. It holds back mistakes and makes attacks harder; a runner still has its host's user id, so it is no
// wall against a plugin that means harm.
#pragma once

#include "base/result.h"
#include "runner/messages.h"

namespace tasker::runner {

// Killed by the kernel when the thread that started us ends.
void die_with_host();
// The kernel takes this process before the host when the machine's memory runs short.
void go_first_when_memory_is_short();

Result<void> enter_sandbox(const Hello& hello);

// The same for a process that tries a library which the host will open in itself: what works there works here, but what would
// reach another process or the system. Called in the process that ends with the trial.
Result<void> enter_probe_sandbox();
inline constexpr int kProbeMemoryMib = 4096;

// True where an address-space limit cannot be used: a sanitizer's shadow memory is larger than any.
bool is_sanitized();

}  // namespace tasker::runner
