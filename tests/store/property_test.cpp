// Random graphs and histories: whatever happened, settle_tasks finds nothing to change, the counters are what
// step_readiness derives, and the queues hold exactly what they should.
#include <cstdlib>
#include <map>
#include <random>
#include <sstream>

#include "support/pg_world.h"

namespace tasker::test {
namespace {

using model::OutcomeKind;

class History {
 public:
  History(PgWorld& world, unsigned seed) : world_(world), random_(seed) {}

  void run(const std::string& name) {
    const auto published = world_.publish(name, random_graph());
    const auto submitted = world_.submit(published.template_id, pick(1, 24), pick(0, 30));
    tasks_ = submitted.tasks;
    held_.insert(held_.end(), submitted.claimed.begin(), submitted.claimed.end());
    for (int turn = 0; turn < 60; ++turn) {
      step();
      if (turn % 20 == 19) check();
    }
    finish();
    check();
    for (const TaskId task : tasks_) {
      const std::string state = world_.task_state(task);
      EXPECT_TRUE(state == "complete" || state == "error" || state == "cancelled" || state == "paused") << state;
    }
  }

 private:
  int pick(int low, int high) { return std::uniform_int_distribution<int>(low, high)(random_); }

  std::string random_graph() {
    std::ostringstream text;
    const int size = pick(1, 9);
    for (int i = 0; i < size; ++i) {
      text << (i ? "; s" : "s") << i << (pick(0, 4) == 0 ? "!" : "") << ":";
      for (int parent = 0; parent < i; ++parent) {
        if (pick(0, 2) == 0) text << " s" << parent;
      }
    }
    return text.str();
  }

  // A part of what is held of one lane, with outcomes of all kinds.
  void complete_some(bool all_ok) {
    if (held_.empty()) return;
    const Lane lane = lane_of(held_[static_cast<std::size_t>(pick(0, static_cast<int>(held_.size()) - 1))].step.task);
    std::vector<engine::FinishedAttempt> batch;
    std::vector<engine::ClaimedStep> kept;
    for (const auto& step : held_) {
      if (lane_of(step.step.task) != lane || (!all_ok && pick(0, 3) == 0)) {
        kept.push_back(step);
        continue;
      }
      constexpr OutcomeKind kinds[] = {OutcomeKind::ok,   OutcomeKind::ok,        OutcomeKind::ok,
                                       OutcomeKind::ok,   OutcomeKind::retry,     OutcomeKind::wait,
                                       OutcomeKind::fail, OutcomeKind::timed_out, OutcomeKind::cancelled};
      batch.push_back(finished(step, all_ok ? OutcomeKind::ok : kinds[pick(0, 8)], ""));
      batch.back().delay = std::chrono::milliseconds(pick(0, 1) * 50);
    }
    held_ = std::move(kept);
    if (batch.empty()) return;
    const auto answer = world_.complete(batch, all_ok ? 100 : pick(0, 4));
    if (pick(0, 4) == 0) world_.complete(batch, pick(0, 4));  // the answer got lost
    held_.insert(held_.end(), answer.claimed.begin(), answer.claimed.end());
  }

  void claim_some(int room) {
    const TaskId task = tasks_[static_cast<std::size_t>(pick(0, static_cast<int>(tasks_.size()) - 1))];
    const auto claimed = world_.claim(task, room);
    held_.insert(held_.end(), claimed.begin(), claimed.end());
  }

  void operate() {
    const TaskId task = tasks_[static_cast<std::size_t>(pick(0, static_cast<int>(tasks_.size()) - 1))];
    const int what = pick(0, 5);
    if (what == 0) world_.cancel(task);
    else if (what <= 2) world_.pause(task);
    else world_.resume(task);
  }

  void hand_back_some() {
    if (held_.empty()) return;
    const auto step = held_.back();
    held_.pop_back();
    *await<int>([&](auto reply) { world_.store().hand_back(world_.host(), {{step.step, step.claim_no}}, reply); });
  }

  // Another host takes a step and dies with it.
  void die_with_some() {
    const TaskId task = tasks_[static_cast<std::size_t>(pick(0, static_cast<int>(tasks_.size()) - 1))];
    const HostId dying = world_.another_host();
    world_.claim(task, 2, dying);
    *await<int>([&](auto reply) { world_.store().reclaim(world_.host(), {dying}, reply); });
  }

  void step() {
    const int what = pick(0, 19);
    if (what < 9) complete_some(false);
    else if (what < 15) claim_some(pick(1, 4));
    else if (what < 17) operate();
    else if (what < 19) hand_back_some();
    else die_with_some();
  }

  void finish() {
    for (const TaskId task : tasks_) world_.resume(task);
    world_.sql.exec("with d as (update tasker.delayed_step set run_at = '2020-01-01' returning *)"
                    " update tasker.step s set run_at = '2020-01-01' from d where s.lane = d.lane and s.task_id = d.task_id"
                    " and s.ord = d.ord");
    for (int idle = 0; idle < 2;) {
      const auto before = held_.size();
      for (const TaskId task : tasks_) {
        const auto claimed = world_.claim(task, 100);
        held_.insert(held_.end(), claimed.begin(), claimed.end());
      }
      while (!held_.empty()) complete_some(true);
      idle = before == 0 && held_.empty() && world_.sql.value("select count(*) from tasker.ready_step") == "0" ? idle + 1 : 0;
    }
  }

  void check() {
    world_.check_rows();
    std::string list;
    for (const TaskId task : tasks_) list += (list.empty() ? "" : ",") + text_of(task);
    world_.sql.exec("begin");
    const auto changed = world_.sql.value("select tasker.settle_tasks(array[" + list + "]::bigint[], clock_timestamp())");
    world_.sql.exec("rollback");
    if (changed == "0") return;
    for (const TaskId task : tasks_) {
      const std::string before = rows_of(task);
      EXPECT_EQ(world_.settle(task), 0) << "before: " << before << "\nafter: " << rows_of(task);
    }
  }

  std::string rows_of(TaskId task) {
    return world_.sql.value("select (select (t.state, t.open_sinks, t.failed, t.finished_at is not null) from tasker.task t"
                            " where t.task_id = " + text_of(task) + ")::text || ' steps ' ||"
                            " (select string_agg((s.ord, s.state, s.pending_parents, s.children, s.attempts, s.run_at)::text, ' '"
                            " order by s.ord) from tasker.step s where s.task_id = " + text_of(task) + ")");
  }

  PgWorld& world_;
  std::mt19937 random_;
  std::vector<TaskId> tasks_;
  std::vector<engine::ClaimedStep> held_;
};

// $TASKER_SEED repeats a run.
TEST(Property, AfterAnyHistorySettleFindsNothingToChange) {
  const char* given = std::getenv("TASKER_SEED");
  const unsigned seed = given ? static_cast<unsigned>(std::atol(given)) : std::random_device{}();
  PgWorld world;
  for (unsigned round = 0; round < 15; ++round) {
    SCOPED_TRACE("TASKER_SEED=" + std::to_string(seed) + ", round " + std::to_string(round));
    History(world, seed + round).run("graph_" + std::to_string(round));
    if (HasFailure()) break;
  }
}

}  // namespace
}  // namespace tasker::test
