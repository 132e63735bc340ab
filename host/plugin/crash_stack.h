// The calls that led to a crash, written by the signal handler of the thread that crashed: a line for each, from the fault to
// where the host called the plugin, with the function's name as far as the files on disk tell it; a function that calls itself has
// one line. Nothing here allocates or
// locks. Not a debugger: what was inlined is not seen, and lines of source come from `addr2line -Cife FILE ADDRESS`.
#pragma once

#include <string_view>

namespace tasker::plugin {

// What unwinding needs is loaded here and not while the process dies. [any]
void prepare_crash_stack();

// `context`: the signal handler's third argument. A line has no end of line. [the signal's thread]
void tell_crash_stack(const void* context, void (*tell)(std::string_view line));

}  // namespace tasker::plugin
