#include "support/pg_world.h"

#include <gtest/gtest.h>

#include <map>
#include <stdexcept>

#include "store/pg_catalogue.h"

namespace tasker::test {
namespace {

constexpr const char* kRowsThatDiffer = R"(
with want as (
  select s.lane, s.plugin_id, t.priority, s.run_at, s.task_id, s.ord
  from tasker.step s join tasker.task t using (lane, task_id)
  where s.state in ('ready', 'waiting_for_retry') and t.state in ('pending', 'in_progress')),
have as (
  select lane, plugin_id, priority, run_at, task_id, ord from tasker.ready_step
  union all
  select lane, plugin_id, priority, run_at, task_id, ord from tasker.delayed_step)
select 'not queued: ' || x::text from (select * from want except all select * from have) x
union all
select 'queued without need: ' || x::text from (select * from have except all select * from want) x
union all
select 'pending_parents of ' || s.task_id || '/' || s.ord || ' is ' || s.pending_parents || ', not '
       || r.total_parents - r.completed_parents
from tasker.step_readiness((select array_agg(task_id) from tasker.task)) r
  join tasker.step s on s.task_id = r.task_id and s.ord = (r.workflow_step_id % 16384)::int
where s.pending_parents <> r.total_parents - r.completed_parents and not tasker.is_terminal(s.state)
union all
select 'open_sinks of ' || t.task_id || ' is ' || t.open_sinks
from tasker.task t
where t.open_sinks <> (select count(*) from tasker.step s where s.lane = t.lane and s.task_id = t.task_id
                       and s.children is null and not tasker.satisfies_child(s.state))
union all
select 'lane of ' || task_id from tasker.step where lane <> tasker.lane_of(task_id))";

template <class T>
T required(Result<T> result, const char* what) {
  if (!result) throw std::runtime_error(std::string(what) + ": " + result.error().message);
  return std::move(*result);
}

}  // namespace

engine::FinishedAttempt finished(const engine::ClaimedStep& step, model::OutcomeKind kind, std::string payload) {
  engine::FinishedAttempt attempt;
  attempt.fence = {step.step, step.claim_no};
  attempt.kind = kind;
  attempt.payload = std::move(payload);
  attempt.ran = engine::Micros(50);
  attempt.ended = std::chrono::steady_clock::now();
  if (kind != model::OutcomeKind::ok) {
    attempt.code = "test.failed";
    attempt.message = "it \"failed\"";
  }
  return attempt;
}

Lane lane_of(TaskId task) { return static_cast<Lane>(raw(task) % 16); }
std::string text_of(TaskId task) { return std::to_string(raw(task)); }
std::string sql_function(const std::string& name, TaskId task) {
  return "select tasker." + name + "(" + text_of(task) + ", 'tester', 'why', clock_timestamp())";
}

PgWorld::PgWorld(store::PgStore::Options options) : sql(db.conninfo()) {
  options.conninfo = db.conninfo();
  store_ = required(store::PgStore::open(options), "opening the store");
  host_ = another_host();
}

std::unique_ptr<store::PgStore> PgWorld::another_store(store::PgStore::Options options) {
  options.conninfo = db.conninfo();
  return required(store::PgStore::open(options), "opening a second store");
}

HostId PgWorld::another_host() {
  return required(await<HostId>([&](auto reply) { store_->register_host({"test", "0.1.0", "process"}, reply); }),
                  "registering a host");
}

Published PgWorld::publish(const std::string& name, const std::string& graph, const std::string& version) {
  const auto definition = template_of(name, graph, version);
  const auto ids = required(await<store::PublishedPlugin>([&](auto reply) {
                              store_->catalogue().publish(host_, {definition->namespace_name, name, version, "sha"},
                                                          *definition, reply);
                            }),
                            "publishing a plugin");
  auto all = std::make_shared<std::vector<PluginId>>(*plugins_);
  all->push_back(ids.plugin_id);
  plugins_ = all;
  return {ids.template_id, ids.plugin_id};
}

engine::SubmitAnswer PgWorld::submit(TemplateId id, int count, int room) {
  engine::SubmitRequest request;
  request.host = host_;
  request.room = room;
  request.plugins = plugins_;
  request.tasks.resize(static_cast<std::size_t>(count));
  for (auto& task : request.tasks) task.template_id = id;
  return required(await<engine::SubmitAnswer>([&](auto reply) { store_->submit(request, reply); }), "submit");
}

std::vector<engine::ClaimedStep> PgWorld::claim(TaskId task, int room, HostId host) {
  const engine::ClaimRequest request{raw(host) ? host : host_, lane_of(task), room, plugins_};
  return required(
      await<std::vector<engine::ClaimedStep>>([&](auto reply) { store_->claim(request, reply); }), "claim");
}

Result<engine::CompleteAnswer> PgWorld::try_complete(std::vector<engine::FinishedAttempt> attempts, int room, HostId host) {
  auto request = std::make_shared<engine::CompleteRequest>();
  request->host = raw(host) ? host : host_;
  request->attempts = std::move(attempts);
  request->room = room;
  request->plugins = plugins_;
  return await<engine::CompleteAnswer>([&](auto reply) { store_->complete(request, reply); });
}

engine::CompleteAnswer PgWorld::complete(std::vector<engine::FinishedAttempt> attempts, int room, HostId host) {
  return required(try_complete(std::move(attempts), room, host), "complete");
}

int PgWorld::run_to_end(std::vector<engine::ClaimedStep> claimed) {
  int attempts = 0;
  while (!claimed.empty()) {
    std::map<Lane, std::vector<engine::FinishedAttempt>> by_lane;
    for (const auto& step : claimed) by_lane[lane_of(step.step.task)].push_back(finished(step));
    claimed.clear();
    for (auto& [lane, batch] : by_lane) {
      attempts += static_cast<int>(batch.size());
      auto answer = complete(std::move(batch), 1000);
      claimed.insert(claimed.end(), answer.claimed.begin(), answer.claimed.end());
    }
  }
  return attempts;
}

std::string PgWorld::task_state(TaskId task) {
  return sql.value("select state from tasker.task where task_id = " + text_of(task));
}
std::string PgWorld::step_state(StepKey key) {
  return sql.value("select state from tasker.step where task_id = " + text_of(key.task) +
                   " and ord = " + std::to_string(key.ord));
}
std::string PgWorld::journal_kinds(TaskId task) {
  return sql.value("select string_agg(kind, ' ' order by journal_id) from tasker.journal where task_id = " + text_of(task));
}

bool PgWorld::cancel(TaskId task) { return sql.value(sql_function("cancel_task", task)) == "t"; }
bool PgWorld::pause(TaskId task) { return sql.value(sql_function("pause_task", task)) == "t"; }
bool PgWorld::resume(TaskId task) { return sql.value(sql_function("resume_task", task)) == "t"; }
void PgWorld::pass(engine::Millis span) {
  const std::string by = " - " + std::to_string(span.count()) + " * interval '1 ms'";
  sql.exec("with d as (update tasker.delayed_step set run_at = run_at" + by + " returning *)"
           " update tasker.step s set run_at = d.run_at from d"
           " where s.lane = d.lane and s.task_id = d.task_id and s.ord = d.ord");
  sql.exec("update tasker.idempotency_key set expires_at = expires_at" + by);
}

int PgWorld::settle(TaskId task) {
  return std::stoi(sql.value("select tasker.settle_tasks(array[" + text_of(task) + "], clock_timestamp())"));
}

void PgWorld::check_rows() {
  std::string text;
  for (const auto& row : sql.rows(kRowsThatDiffer)) text += row[0] + "\n";
  EXPECT_EQ(text, "");
}

}  // namespace tasker::test
