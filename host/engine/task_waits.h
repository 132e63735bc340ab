// Requests that wait for the end of a task. This host tells of the tasks that end here; those that end elsewhere (another
// host, an operator) are found by one query for all that wait, now and then. A wait always ends: with its task, at its
// deadline, or when the host stops. Owned by app, which lets it go only when the executor runs nothing more. On the
// engine's strand but where marked.
#pragma once

#include <functional>
#include <memory>
#include <set>
#include <unordered_map>
#include <utility>
#include <vector>

#include "engine/executor.h"
#include "engine/ports.h"

namespace tasker::engine {

class TaskWaits {
 public:
  TaskWaits(Executor& executor, Reader& reader) : executor_(executor), reader_(reader) {}

  // `done` is called once, on the strand, at the latest after `longest`. [any]
  void wait(TaskId task, Millis longest, std::function<void()> done);
  void ended(TaskId task);
  // All waits end now, and those to come at once. [any]
  void end_all();

 private:
  struct Wait {
    TaskId task{};
    SteadyTime deadline;
    std::function<void()> done;
  };

  void add(TaskId task, SteadyTime deadline, std::function<void()> done);
  void finish(std::uint64_t number);
  void ask(std::vector<TaskId> tasks);
  void ask_for_the_fresh();
  void ask_for_all();
  void tick_later();
  void tick();

  Executor& executor_;
  Reader& reader_;
  const std::shared_ptr<int> existence_ = std::make_shared<int>(0);  // for what is posted and may come too late
  std::uint64_t next_ = 0;
  std::unordered_map<std::uint64_t, Wait> waits_;
  std::set<std::pair<SteadyTime, std::uint64_t>> deadlines_;
  std::unordered_multimap<TaskId, std::uint64_t> by_task_;
  std::vector<TaskId> fresh_;  // may have ended before anybody waited: not asked for yet
  bool asking_ = false;        // a query is under way
  bool ticking_ = false;       // one timer for all: a client that waits and is answered at once leaves none behind
  SteadyTime asked_{};         // for all that wait
  bool ended_ = false;
};

}  // namespace tasker::engine
