// How a process begins that a host has started by `tasker runner`, whatever it is for: it takes its channel to where a plugin does
// not come by, ends with its host, goes before it when memory is short, and has a name that tells what it is. Once, in main(), before
// there is a second thread.
#pragma once

#include <string_view>

namespace tasker::runner {

// The channel to the host; closed on exec. Below 0: it was not started by a host, which was said on stderr with what it is for.
int begin_child(const char* name, std::string_view verb, std::string_view purpose);

// Where a plugin that closes or reuses the first descriptors does not come by.
inline constexpr int kChildDescriptorsFrom = 64;

}  // namespace tasker::runner
