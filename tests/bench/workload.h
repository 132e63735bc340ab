// The shapes of work that are measured, and one request of each.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include "engine/api.h"

namespace tasker::bench {

struct Workload {
  std::string name;
  int steps = 1;
  int tasks = 0;  // the usual number, for about ten seconds
};

const std::vector<Workload>& workloads();
const Workload& workload(const std::string& name);  // one of workloads()

std::string request_context(int payload);  // a JSON object of about so many bytes; 0: a few
engine::TaskRequest request(const Workload& workload, int payload);

// Many requests of one workload, sent in bulks as a busy client would: four unanswered at most.
class Load {
 public:
  static constexpr int kMaxBulk = 500;
  static constexpr int kUnanswered = 4;

  virtual ~Load() = default;
  virtual void send(int tasks) = 0;  // waits while too many are unanswered
  virtual void finish() = 0;         // waits for the last answer
};

// Straight into the host's service layer.
std::unique_ptr<Load> api_load(engine::Api& api, const Workload& workload, int payload);
// POST /tasker/tasks/bulk from a process of its own, so that the client's CPU is not counted as the host's.
std::unique_ptr<Load> http_load(const std::string& url, const Workload& workload, int payload);

}  // namespace tasker::bench
