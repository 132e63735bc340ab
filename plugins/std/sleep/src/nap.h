// Waits, by telling the host when to come back: no thread is held, no attempt is spent, and the end is in the
// checkpoint, so that a restart of the host or a move to another one changes nothing. [worker]
#pragma once

#include <tasker/sdk.h>

namespace std_sleep {

tasker::Json sleep(tasker::Call& call);

}  // namespace std_sleep
