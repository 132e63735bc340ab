// The runner itself: what `tasker runner` does. Its host started it with a channel as descriptor 3 and a board as 4; it holds
// one plugin exactly as a host would, runs the attempts that come over the channel, and sends back outcomes, log lines and
// signs of life. It ends with its host, with the channel, or when told to.
#pragma once

namespace tasker::runner {

// Answers only when it was not started by a host.
int run_child();

}  // namespace tasker::runner
