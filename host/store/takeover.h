// One round of takeover: marks the dead, then goes through the lanes batch by batch, each on the lane's writer and in
// line with its other work, until a lane has no more; at the end the dead are known to hold nothing. A lane with very many
// open tasks may take longer than an ordinary call, so its batches have a statement time-out of their own: under the
// ordinary one such a lane would never come back. Owned by the work it posts; [db] one stage at a time.
#pragma once

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "engine/ports.h"
#include "store/connection.h"

namespace tasker::store {

class Takeover : public std::enable_shared_from_this<Takeover> {
 public:
  Takeover(HostId host, const std::vector<HostId>& dead, std::vector<Connection*> writers, int lanes,
           std::chrono::milliseconds batch_timeout, std::shared_ptr<engine::CrashRecords> crashes, engine::Reply<int> reply);

  void start() { post(&Takeover::declare); }

 private:
  using Stage = void (Takeover::*)(Session&);

  void post(Stage stage);
  void declare(Session& session);
  void take_batch(Session& session);

  const std::string host_;
  std::string dead_;
  const std::vector<Connection*> writers_;
  const int lanes_;
  const std::chrono::milliseconds batch_timeout_;
  const std::shared_ptr<engine::CrashRecords> crashes_;  // may be null
  const engine::Reply<int> reply_;
  int lane_ = 0;
  int returned_ = 0;
  std::optional<Error> locked_;  // of a lane that could not be read to its end
};

}  // namespace tasker::store
