// What steps and tasks do, told a second time and as plainly as possible: the judge of the property tests. It
// shares no code with the host or the SQL, has no queues and no counters, and derives a task's state from its
// steps every time. Where the store may choose (which of several due steps, which children when room is
// short) it takes the store's choice, if that is a legal one. Time is whole minutes. Each verb answers what
// is wrong with the store's answer; "" is: nothing.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "engine/ports.h"

namespace tasker::test {

// A template as the model knows it: ord is the index + 1, parents come first.
struct ModelGraph {
  struct Step {
    std::vector<int> parents;  // ords
    int retry_limit = 3;
    bool retryable = true;
  };
  std::vector<Step> steps;
  int template_id = 0;
  int plugin = 0;
};

struct ModelStep {
  std::string state = "pending";
  int claim_no = 0;
  int host = 0;  // the last that claimed it
  int attempts = 0;
  int lost = 0;
  long due = 0;                 // ready, waiting_for_retry
  std::map<int, int> recorded;  // claim_no -> the host whose outcome was written
};

struct ModelTask {
  const ModelGraph* graph = nullptr;
  std::string state = "pending";
  bool ended = false;
  int priority = 5;
  long start = 0;
  std::vector<ModelStep> steps;

  const ModelStep& step(int ord) const { return steps[static_cast<std::size_t>(ord - 1)]; }
  ModelStep& step(int ord) { return steps[static_cast<std::size_t>(ord - 1)]; }
};

class ReferenceModel {
 public:
  using Plugins = std::set<int>;
  struct NewTask {
    const ModelGraph* graph;
    int priority;
    long start;  // not before
  };

  std::string submit(int host, const std::vector<NewTask>& tasks, int room, const Plugins& plugins,
                     const engine::SubmitAnswer& answer);
  std::string claim(int host, int lane, int room, const Plugins& plugins,
                    const std::vector<engine::ClaimedStep>& answer);
  std::string complete(int host, const std::vector<engine::FinishedAttempt>& attempts, int room,
                       const Plugins& plugins, const engine::CompleteAnswer& answer);
  std::string hand_back(int host, const std::vector<Fence>& fences, int answer);
  std::string held(int host, const std::vector<engine::ClaimedStep>& answer) const;
  std::string peek(const Plugins& plugins, const engine::PeekAnswer& answer) const;
  std::string reclaim(const std::vector<int>& dead, int answer);
  void add_host(int host) { alive_[host] = true; }
  void leave(int host) { alive_[host] = false; }
  bool is_alive(int host) const { return alive_.at(host); }
  void cancel(long task);
  void pause(long task);
  void resume(long task);
  void pass(long minutes) { now_ += minutes; }

  const std::map<long, ModelTask>& tasks() const { return tasks_; }
  bool may_run(const ModelTask& task) const { return task.state == "pending" || task.state == "in_progress"; }
  bool is_due(const ModelTask& task, const ModelStep& step) const;  // a claim may take it now
  int done_parents(const ModelTask& task, int ord) const;
  bool runs_if_asked(const ModelTask& task, int ord) const;  // step_readiness: ready_for_execution
  std::vector<Fence> in_progress_under(int host) const;
  bool is_at_rest() const;  // nothing runs, and nothing would be claimed

 private:
  struct Batch;
  std::set<std::pair<long, int>> children_of(long id, int parent) const;
  void write_outcomes(int host, const std::vector<engine::FinishedAttempt>& attempts, Batch& batch);
  std::string place_children(int host, int room, const Plugins& plugins, Batch& batch, bool& queued);
  void settle(ModelTask& task);      // who is ready
  bool derive_end(ModelTask& task);  // true: it ended now
  std::string take(long id, ModelTask& task, int ord, int host, const engine::ClaimedStep& told);
  void record(ModelTask& task, ModelStep& step, const ModelGraph::Step& rule,
              const engine::FinishedAttempt& attempt, int host);

  std::map<int, bool> alive_;
  std::map<long, ModelTask> tasks_;
  long now_ = 0;
};

}  // namespace tasker::test
