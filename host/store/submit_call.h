// One batch of new tasks: takes ids, calls submit_tasks, or submit_keyed_tasks_v2 when its parts have keys, and repeats
// it with the same ids when the answer got lost, so that nothing is created twice. Ids that turn out to be somebody
// else's, as in a database that was brought back to an earlier state, are left and others taken. Names the task whose
// values the database refuses. [db], on the submitting connection.
#pragma once

#include "base/clock.h"
#include "engine/ports.h"
#include "store/id_blocks.h"
#include "store/session.h"

namespace tasker::store {

class SubmitCall {
 public:
  SubmitCall(Session& session, const Clock& clock, IdBlocks& ids, engine::SubmitRequest request,
             std::chrono::milliseconds patience);

  Result<engine::SubmitAnswer> run();

 private:
  Result<std::vector<TaskId>> take_ids();
  Result<Rows> run_until_known(std::string_view query, const Params& params);
  Result<Rows> send(const std::vector<TaskId>& ids);
  bool were_there_before(const Result<Rows>& rows, const std::vector<TaskId>& ids);
  Result<void> mend_ids(TaskId first);
  Params parameters(const std::vector<TaskId>& ids) const;
  void add_keys(Params& params) const;
  engine::SubmitAnswer read(const Rows& rows, std::vector<TaskId> ids);
  Error name_the_index(const Error& error);

  Session& session_;
  const Clock& clock_;
  IdBlocks& ids_;
  const engine::SubmitRequest request_;
  const std::chrono::milliseconds patience_;
  bool unknown_ = false;  // an answer got lost: what was sent may have been done
};

}  // namespace tasker::store
