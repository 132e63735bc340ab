#include "readiness.h"

#include <nlohmann/json.hpp>
#include <pqxx/pqxx>

#include "session.h"
#include "store/conninfo.h"
#include "watch.h"

namespace tasker::bench {

namespace {

using nlohmann::ordered_json;

constexpr int kFinishedTasks = 750'000;  // of four steps

// A template of $1 steps in layers of ten, each step with two parents in the layer before, and one task of it that is half done.
constexpr const char* kTask = R"sql(
  with made as (
    insert into tasker.template (namespace_id, name, version, version_core, plugin_id, digest, definition, sinks)
    select namespace_id, 'layers' || $1::int, '1.0.0', '{1,0,0}', plugin_id, '', '{}', 10 from tasker.template limit 1
    returning template_id, plugin_id),
  steps as (
    insert into tasker.template_step (template_id, ord, name, handler, parents, children, plugin_id, retryable, retry_limit)
    select template_id, o, 'step' || o, 'noop', case when o <= 10 then 0 else 2 end,
           case when o <= $1::int - 10 then array[(o - 1) / 10 * 10 + 11 + (o - 1) % 10, (o - 1) / 10 * 10 + 11 + o % 10] end,
           plugin_id, true, 3
    from made, generate_series(1, $1::int) o
    returning *),
  task as (
    insert into tasker.task (task_id, created_at, template_id, open_sinks, state, lane, context)
    select $1::int, now(), template_id, 10, 'in_progress', tasker.lane_of($1::int), '{}' from made
    returning task_id, lane),
  attempts as (
    insert into tasker.attempt (task_id, lane, ord, claim_no, claimed_at, started_at, finished_at, host_id, plugin_id, outcome, attempt)
    select task_id, lane, ord, 1, now(), now(), now(), 1, plugin_id, 'ok', 1 from task, steps where ord <= $1::int / 2)
  insert into tasker.step (task_id, lane, ord, pending_parents, claim_no, plugin_id, state, attempts, retry_limit, retryable, children)
  select task_id, lane, ord, case when ord <= $1::int / 2 + 10 then 0 else parents end, (ord <= $1::int / 2)::int, plugin_id,
         case when ord <= $1::int / 2 then 'complete' when ord <= $1::int / 2 + 10 then 'in_progress' else 'pending' end::tasker.step_state,
         (ord <= $1::int / 2)::int, 3, true, children
  from task, steps)sql";

constexpr const char* kFinished[] = {
    "insert into tasker.task (task_id, lane, created_at, finished_at, template_id, open_sinks, state, context)"
    " select i, tasker.lane_of(i), now(), now(), (select min(template_id) from tasker.template), 0, 'complete', '{}'"
    " from generate_series(10000, 9999 + $1::bigint) i",
    "insert into tasker.step (task_id, lane, ord, pending_parents, claim_no, plugin_id, state, attempts, retry_limit, retryable)"
    " select i, tasker.lane_of(i), o, 0, 1, 1, 'complete', 1, 3, true"
    " from generate_series(10000, 9999 + $1::bigint) i, generate_series(1, 4) o",
    "insert into tasker.attempt (task_id, lane, ord, claim_no, claimed_at, started_at, finished_at, host_id, plugin_id, outcome, attempt)"
    " select i, tasker.lane_of(i), o, 1, now(), now(), now(), 1, 1, 'ok', 1"
    " from generate_series(10000, 9999 + $1::bigint) i, generate_series(1, 4) o"};

ordered_json times(pqxx::connection& connection, int steps, int runs) {
  std::vector<double> took;
  for (int i = 0; i < runs; ++i) {
    pqxx::nontransaction work(connection);
    const auto start = Clock::now();
    const auto ready = work.exec_prepared1("readiness", steps)[0].as<long>();
    took.push_back(std::chrono::duration<double, std::milli>(Clock::now() - start).count());
    if (ready != steps) give_up("step_readiness answered " + std::to_string(ready) + " steps of " + std::to_string(steps));
  }
  std::sort(took.begin(), took.end());
  return {{"p50", quantile(took, 0.5)}, {"p99", quantile(took, 0.99)}};
}

ordered_json both(pqxx::connection& connection) {
  times(connection, 10, 20);  // the session's first calls make their plans
  return {{"of_10_ms", times(connection, 10, 1'000)}, {"of_1000_ms", times(connection, 1'000, 200)}};
}

}  // namespace

ordered_json measure_readiness(const Arguments& arguments) {
  Session session(arguments);
  session.start_host();
  session.stop_host();
  pqxx::connection connection(store::complete_conninfo(session.conninfo(), {}).value());
  connection.prepare("readiness", "select count(name) from tasker.step_readiness(array[$1::bigint])");
  {
    pqxx::work work(connection);
    work.exec_params(kTask, 10);
    work.exec_params(kTask, 1'000);
    work.commit();
  }
  ordered_json out{{"workload", "readiness"}, {"alone", both(connection)}};
  {
    pqxx::work work(connection);
    work.exec0("set local statement_timeout = '10min'");
    work.exec_params("select tasker.ensure_partitions(0, $1::bigint)", kFinishedTasks + 10'000);
    for (const char* insert : kFinished) work.exec_params(insert, kFinishedTasks);
    work.commit();
  }
  out["beside_3_million_finished_steps"] = both(connection);
  return out;
}

}  // namespace tasker::bench
