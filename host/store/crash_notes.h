// Brings the records of crashed hosts into the database, where takeover reads them: at a host's start, before it takes steps
// over, and at each look of its reconciler. A record that cannot be noted now stays where it is; nothing waits for it,
// because a crash may become known after the steps were taken back. [db]
#pragma once

#include "engine/ports.h"
#include "store/session.h"

namespace tasker::store {

void note_crashes(Session& session, engine::CrashRecords* records);  // null: nothing to do

}  // namespace tasker::store
