// Random graphs and histories, on PostgreSQL and on the in-memory store, against a reference model: every
// answer and every row is what the model says, settle_tasks finds nothing to change, step_readiness agrees,
// and no queue row is left over.
#include <cstdlib>
#include <random>
#include <sstream>

#include "store/pg_catalogue.h"
#include "support/history_player.h"
#include "support/memory_world.h"
#include "support/pg_world.h"

namespace tasker::test {
namespace {

std::string list_of(const std::vector<TaskId>& tasks) {
  std::string list;
  for (const TaskId task : tasks) list += (list.empty() ? "" : ",") + text_of(task);
  return "'{" + list + "}'::bigint[]";
}

class PgHistories final : public HistoryWorld {
 public:
  engine::Store& store() override { return world_.store(); }
  bool knows_later_starts() const override { return true; }
  void cancel(TaskId task) override { world_.cancel(task); }
  void pause(TaskId task) override { world_.pause(task); }
  void resume(TaskId task) override { world_.resume(task); }

  Published publish(std::shared_ptr<const model::TaskTemplate> made) override {
    const auto ids = await<store::PublishedPlugin>([&](auto reply) {
      world_.store().catalogue().publish(world_.host(), {made->namespace_name, made->name, "1.0.0", "sha"},
                                         *made, reply);
    });
    return {ids->template_id, ids->plugin_id};
  }

  // As if everything had been done that much earlier.
  void pass(long minutes, const std::vector<TaskId>& tasks) override {
    const std::string by = " - " + std::to_string(minutes) + " * interval '1 minute'";
    const std::string of =
        " from unnest(" + list_of(tasks) + ") u(id) where x.lane = tasker.lane_of(u.id) and x.task_id = u.id";
    std::string all;
    for (const char* table : {"ready_step", "delayed_step", "step"}) {
      all += "update tasker." + std::string(table) + " x set run_at = run_at" + by + of +
             " and run_at is not null;";
    }
    world_.sql.exec("begin;" + all + "update tasker.task x set start_at = start_at" + by + of +
                    " and start_at is not null; commit");
  }

  std::map<long, SeenTask> see(const std::vector<TaskId>& tasks) override {
    std::map<long, SeenTask> seen;
    for (const auto& row : world_.sql.rows("select t.task_id, t.state, t.finished_at is not null, (select "
                                           "string_agg(concat_ws(' ', s.state, s.claim_no,"
                                           " coalesce(s.host_id, 0), s.attempts, s.lost), ' ' order by "
                                           "s.ord) from tasker.step s where s.lane = t.lane and"
                                           " s.task_id = t.task_id) from unnest(" +
                                           list_of(tasks) +
                                           ") u(id) join tasker.task t on t.lane = tasker.lane_of(u.id)"
                                           " and t.task_id = u.id")) {
      SeenTask& task = seen[std::stol(row[0])];
      task.state = row[1];
      task.ended = row[2] == "t";
      std::istringstream steps(row[3]);
      for (SeenTask::Step step;
           steps >> step.state >> step.claim_no >> step.host >> step.attempts >> step.lost;)
        task.steps.push_back(step);
    }
    return seen;
  }

  std::string look_closely(const ReferenceModel& model, const std::vector<TaskId>& tasks) override {
    std::string wrong = what_readiness_says(model, tasks) + what_queues_say(tasks);
    // Whole rows, with their place: not even the same values are written anew.
    const std::string before = all_rows(tasks);
    world_.sql.exec("begin");
    const std::string changed =
        world_.sql.value("select tasker.settle_tasks(" + list_of(tasks) + ", clock_timestamp())");
    const std::string after = all_rows(tasks);
    world_.sql.exec("rollback");
    if (changed != "0" || before != after)
      wrong += "settling changes " + changed + " rows:\n" + before + "\nto\n" + after;
    return wrong;
  }

  void forget_all() override {
    world_.sql.exec(
        "begin; update tasker.step s set state = 'cancelled' from tasker.task t where t.finished_at is null "
        "and"
        " s.lane = t.lane and s.task_id = t.task_id and s.state = 'in_progress';"
        " update tasker.task set finished_at = now() where finished_at is null;"
        " delete from tasker.ready_step; delete from tasker.delayed_step; commit");
  }

 private:
  std::string what_readiness_says(const ReferenceModel& model, const std::vector<TaskId>& tasks) {
    std::map<std::pair<long, int>, std::vector<std::string>> told;
    for (const auto& row : world_.sql.rows(
             "select task_id, (workflow_step_id % 16384)::int, current_state, total_parents, "
             "completed_parents, ready_for_execution,"
             " dependencies_satisfied, attempts, next_retry_at is not null from tasker.step_readiness(" +
             list_of(tasks) + ")")) {
      told[{std::stol(row[0]), std::stoi(row[1])}] = {row.begin() + 2, row.end()};
    }
    for (const auto& [id, task] : model.tasks()) {
      for (int ord = 1; ord <= static_cast<int>(task.steps.size()); ++ord) {
        const auto parents =
            static_cast<int>(task.graph->steps[static_cast<std::size_t>(ord - 1)].parents.size());
        const int done = model.done_parents(task, ord);
        const auto flag = [](bool value) { return std::string(value ? "t" : "f"); };
        const std::vector<std::string> wanted = {task.step(ord).state,
                                                 std::to_string(parents),
                                                 std::to_string(done),
                                                 flag(model.runs_if_asked(task, ord)),
                                                 flag(done == parents),
                                                 std::to_string(task.step(ord).attempts),
                                                 flag(task.step(ord).state == "waiting_for_retry")};
        if (told[{id, ord}] != wanted) {
          return "step_readiness of " + std::to_string(id) + "/" + std::to_string(ord) + " says " +
                 testing::PrintToString(told[{id, ord}]) + ", not " + testing::PrintToString(wanted) + "\n";
        }
      }
    }
    return "";
  }

  // A queue row exactly while its step waits in a task that may run, under the key that the step implies.
  std::string what_queues_say(const std::vector<TaskId>& tasks) {
    std::string wrong;
    for (const auto& row : world_.sql.rows(
             "with of as (select id, tasker.lane_of(id) as lane from unnest(" + list_of(tasks) +
             ") u(id)),"
             " want as (select s.lane, s.plugin_id, t.priority, s.run_at, s.task_id, s.ord from of join "
             "tasker.task t on t.lane ="
             " of.lane and t.task_id = of.id join tasker.step s on s.lane = of.lane and s.task_id = of.id "
             "where s.state in ('ready',"
             " 'waiting_for_retry') and t.state in ('pending', 'in_progress')),"
             " have as (select lane, plugin_id, priority, run_at, task_id, ord from tasker.ready_step union "
             "all"
             " select lane, plugin_id, priority, run_at, task_id, ord from tasker.delayed_step)"
             " select 'not queued: ' || x::text from (select * from want except all select * from have) x"
             " union all select 'queued without need: ' || x::text from (select * from have except all "
             "select * from want) x")) {
      wrong += row[0] + "\n";
    }
    return wrong;
  }

  std::string all_rows(const std::vector<TaskId>& tasks) {
    std::string query;
    for (const char* table : {"task", "step", "attempt", "ready_step", "delayed_step"}) {
      query += std::string(query.empty() ? "" : " union all ") + "select '" + table +
               "', x.ctid::text || x::text from unnest(" + list_of(tasks) + ") u(id) join tasker." + table +
               " x on x.lane = tasker.lane_of(u.id) and x.task_id = u.id";
    }
    std::string text;
    for (const auto& row : world_.sql.rows(query + " order by 1, 2")) text += row[0] + " " + row[1] + "\n";
    return text;
  }

  PgWorld world_;
};

class MemoryHistories final : public HistoryWorld {
 public:
  engine::Store& store() override { return world_->store(); }
  bool knows_later_starts() const override { return false; }
  void cancel(TaskId task) override { world_->cancel(task); }
  void pause(TaskId task) override { world_->pause(task); }
  void resume(TaskId task) override { world_->resume(task); }
  Published publish(std::shared_ptr<const model::TaskTemplate> made) override {
    return world_->publish(std::move(made));
  }
  void pass(long minutes, const std::vector<TaskId>&) override {
    world_->pass(std::chrono::minutes(minutes));
  }
  std::string look_closely(const ReferenceModel&, const std::vector<TaskId>&) override { return ""; }
  void forget_all() override { world_ = std::make_unique<MemoryWorld>(); }

  std::map<long, SeenTask> see(const std::vector<TaskId>& tasks) override {
    std::map<long, SeenTask> seen;
    for (const TaskId id : tasks) {
      const auto row = world_->memory().task(id);
      SeenTask& task = seen[raw(id)];
      task.state = model::state_text(row->state);
      task.ended = row->ended;
      for (const auto& step : row->steps) {
        task.steps.push_back({std::string(model::state_text(step.state)), step.claim_no, raw(step.host),
                              step.attempts, step.lost});
      }
    }
    return seen;
  }

 private:
  std::unique_ptr<MemoryWorld> world_ = std::make_unique<MemoryWorld>();
};

unsigned number_from(const char* variable, unsigned otherwise) {
  const char* given = std::getenv(variable);
  return given && *given ? static_cast<unsigned>(std::strtoul(given, nullptr, 10)) : otherwise;
}

// $TASKER_SEED is the first history, $TASKER_HISTORIES how many; without them some fixed ones and some new
// ones are played.
template <class World>
void play_all(unsigned fixed, unsigned fresh) {
  World world;
  const unsigned count = number_from("TASKER_HISTORIES", 0);
  if (count > 0) return play_many(world, number_from("TASKER_SEED", 1), static_cast<int>(count));
  play_many(world, 1, static_cast<int>(fixed));
  if (!testing::Test::HasFailure()) play_many(world, std::random_device{}(), static_cast<int>(fresh));
}

TEST(Property, AnyHistoryOnPostgresIsWhatTheModelSays) {
  play_all<PgHistories>(20, 10);
}
TEST(Property, AnyHistoryInMemoryIsWhatTheModelSays) {
  play_all<MemoryHistories>(200, 100);
}

}  // namespace
}  // namespace tasker::test
