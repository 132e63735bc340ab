// The prober itself: what `tasker runner --probe` does. Its host started it with a channel as descriptor 3. It has one thread
// and opens no library: for each question it forks, and the child opens that one library, so that no plugin's code can do
// anything to the host, or to the answer about another plugin. It ends with its host, or with the channel.
#pragma once

#include <string_view>

namespace tasker::runner {

inline constexpr std::string_view kProberWord = "--probe";

// Answers only when it was not started by a host.
int run_prober();

}  // namespace tasker::runner
