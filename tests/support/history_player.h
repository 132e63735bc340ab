// Plays a history on a store and on the reference model side by side, and stops at the first difference: in
// an answer, or in the rows, which are looked at after every call. Single-threaded: what happens at the same
// moment is for the interleaving tests.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <vector>

#include "support/history.h"
#include "support/template_text.h"

namespace tasker::test {

struct SeenTask {
  struct Step {
    std::string state;
    int claim_no = 0, host = 0, attempts = 0, lost = 0;
  };
  std::string state;
  bool ended = false;
  std::vector<Step> steps;
};

// What a store under test is asked for beside its verbs.
class HistoryWorld {
 public:
  virtual ~HistoryWorld() = default;
  virtual engine::Store& store() = 0;
  virtual Published publish(std::shared_ptr<const model::TaskTemplate> definition) = 0;
  virtual bool knows_later_starts() const = 0;
  virtual void cancel(TaskId task) = 0;
  virtual void pause(TaskId task) = 0;
  virtual void resume(TaskId task) = 0;
  virtual void pass(long minutes, const std::vector<TaskId>& tasks) = 0;
  virtual std::map<long, SeenTask> see(const std::vector<TaskId>& tasks) = 0;
  // What must hold of these tasks beside the states: readiness, queues, counters, and that settling changes
  // nothing.
  virtual std::string look_closely(const ReferenceModel& model, const std::vector<TaskId>& tasks) = 0;
  virtual void forget_all() = 0;  // after a history that failed
};

// What went wrong, with everything that was done up to there; "" for nothing.
std::string play(const History& history, HistoryWorld& world);

// Plays `count` histories from `seed` on; the first that fails is made smaller and told, and fails the test.
void play_many(HistoryWorld& world, unsigned seed, int count);

}  // namespace tasker::test
