#include "store/crash_notes.h"

#include "base/log.h"

namespace tasker::store {
namespace {

Result<Rows> note(Session& session, const engine::CrashRecord& record) {
  const auto& fence = record.fence;
  return session.run("note_crash", {record.process, std::to_string(raw(fence.step.task)), std::to_string(fence.step.ord),
                                    std::to_string(fence.claim_no), record.signal, record.plugin, record.step});
}

}  // namespace

void note_crashes(Session& session, engine::CrashRecords* records) {
  if (!records) return;
  for (const auto& record : records->read()) {
    const auto rows = note(session, record);
    if (!rows) {
      log_failure(LogLevel::warn, rows.error(), "the crash of a host could not be noted: {}");
      if (rows.error().code == Code::database_bad_value) records->forget(record);
      continue;
    }
    // A process that is unknown here may belong to another database's host, which shares the folder.
    const bool is_known = rows->size() == 0 || rows->integer(0, 0) != 0;
    is_known ? records->forget(record) : records->forget_if_old(record);
    if (rows->size() == 0 || !is_known) continue;
    log_error("host {} was taken down by {} in plugin {}, step {} of task {}, claim {}: crash {} of this step, which ends in "
              "error at {}",
              rows->integer(0, 0), record.signal, record.plugin, record.step, raw(record.fence.step.task),
              record.fence.claim_no, rows->integer(0, 1), rows->integer(0, 2));
  }
}

}  // namespace tasker::store
