// Engine tests as stories: a graph in a few lines of text, then "finish a", "fail b", and what runs next. The engine is
// the real one; its store is in memory, its strand and clock are moved by hand, and handlers run when the story says so.
#pragma once

#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "engine/engine.h"
#include "support/manual_executor.h"
#include "support/memory_store.h"

namespace tasker::test {

class Story {
 public:
  // Lines of "step: parent parent"; "step!" has a retry limit of 1, others of 3.
  explicit Story(const std::string& graph, engine::EngineOptions options = {},
                 engine::LivenessOptions liveness = {std::chrono::hours(1), std::chrono::hours(10)});
  ~Story();

  TaskId submit(int tasks = 1, const std::string& context = "{}");
  void start();  // the constructor does; again after stop()
  void stop(std::chrono::milliseconds grace = std::chrono::milliseconds(0));

  // The plugin stays listed as loaded while its template is missing, as after a catalogue and a file that disagree.
  void lose_template();
  void find_template();

  // Ends the attempt of a step that is running. The step of the only task, or of the task named.
  void finish(const std::string& step, const std::string& result = "{\"n\":1}", TaskId task = TaskId{0});
  void end(const std::string& step, engine::AttemptOutcome outcome, TaskId task = TaskId{0});
  // As finish(), for an outcome that comes when nobody looks: nothing is run, the strand only has it queued.
  void finish_silently(const std::string& step);
  void advance(std::chrono::milliseconds span) { executor.advance(span); }

  // Moves time until the condition holds, giving the liveness thread its turns; false after ten real seconds.
  bool eventually(const std::function<bool()>& condition);

  // Names of the steps whose handlers have been entered and not left, sorted; of all tasks.
  std::vector<std::string> running() const;
  std::size_t running_count() const;
  std::vector<TaskId> running_tasks() const;  // of each of them, in the order in which they were entered
  const engine::AttemptInput& input(const std::string& step, TaskId task = TaskId{0}) const;
  std::string state(const std::string& step, TaskId task = TaskId{0}) const;
  std::string task_state(TaskId task = TaskId{0}) const;
  const MemoryStore::Step step_row(const std::string& step, TaskId task = TaskId{0}) const;

  ManualExecutor executor;
  MemoryStore store;
  std::unique_ptr<engine::Engine> engine;
  HostId host{};

 private:
  struct Catalog;
  struct Runner;

  std::shared_ptr<engine::AttemptJob> take(const std::string& step, TaskId task);

  std::shared_ptr<const model::TaskTemplate> definition_;
  std::unique_ptr<Catalog> catalog_;
  engine::EngineOptions options_;
  engine::LivenessOptions liveness_;
  Runner* runner_ = nullptr;  // owned by the engine
  engine::FinishJob finish_;
  std::vector<std::shared_ptr<engine::AttemptJob>> jobs_;
  std::map<Fence, engine::SteadyTime> entered_;
  std::vector<TaskId> tasks_;
};

}  // namespace tasker::test
