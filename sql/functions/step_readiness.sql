-- The one truth about readiness: derived from the rows (states, edges, attempts, clocks), never from counters or queues.
-- One row a step, ordered by task and step; the columns are the predecessor's. current_state is ours.
-- Every step, every edge (a parent names it among its children) and every attempt of the tasks is read once by the task's
-- key, and one sort brings together what belongs to a step: joined, a plan made on small tables read all steps for each of
-- a thousand steps (seconds instead of milliseconds). In plpgsql for its cached plan: planning took 1.5 of 1.8 ms.
-- next_retry_at and backoff_request_seconds speak of a step that waits for its next attempt.
create or replace function tasker.step_readiness(p_tasks bigint[], p_now timestamptz default clock_timestamp())
returns table (workflow_step_id bigint, task_id bigint, named_step_id int, name text, current_state text,
               dependencies_satisfied boolean, retry_eligible boolean, ready_for_execution boolean,
               last_failure_at timestamptz, next_retry_at timestamptz, total_parents int, completed_parents int,
               attempts int, retry_limit int, backoff_request_seconds int, last_attempted_at timestamptz)
language plpgsql stable rows 10 as $$
#variable_conflict use_column
begin
  return query
  select tasker.workflow_step_id(x.task_id, x.ord), x.task_id, ts.named_step_id, ts.name, x.state::text,
         x.satisfied = x.total,
         x.attempts < x.retry_limit and (x.retryable or x.attempts = 0) and x.state <> 'error',
         x.state in ('pending', 'ready', 'waiting_for_retry') and x.satisfied = x.total
           and x.attempts < x.retry_limit and (x.retryable or x.attempts = 0)
           and coalesce(x.run_at, x.start_at, p_now) <= p_now and x.task_state in ('pending', 'in_progress'),
         case when x.state in ('error', 'waiting_for_retry') and x.last_outcome not in ('ok', 'wait') then x.last_at end,
         case when x.state = 'waiting_for_retry' then x.run_at end,
         x.total, x.satisfied, x.attempts::int, x.retry_limit::int,
         case when x.state = 'waiting_for_retry' then round(extract(epoch from x.run_at - x.last_at))::int end,
         x.last_at
  from (
    select r.*, (count(r.parent_satisfies) over of_step)::int as total,
           (count(*) filter (where r.parent_satisfies) over of_step)::int as satisfied,
           first_value(r.finished_at) over latest as last_at, first_value(r.outcome) over latest as last_outcome
    from (
      select s.task_id, s.ord, s.state, s.attempts, s.retry_limit, s.retryable, s.run_at, t.template_id, t.start_at,
             t.state as task_state, null::boolean as parent_satisfies, null::int as attempt_no,
             null::timestamptz as finished_at, null::tasker.attempt_outcome as outcome
      from (select distinct id from unnest(p_tasks) id) u
        join tasker.task t on t.lane = tasker.lane_of(u.id) and t.task_id = u.id
        join tasker.step s on s.lane = tasker.lane_of(u.id) and s.task_id = u.id
      union all
      select p.task_id, c, null, null, null, null, null, null, null, null, tasker.satisfies_child(p.state), null, null, null
      from (select distinct id from unnest(p_tasks) id) u
        join tasker.step p on p.lane = tasker.lane_of(u.id) and p.task_id = u.id
        cross join unnest(p.children) c
      union all
      select a.task_id, a.ord, null, null, null, null, null, null, null, null, null, a.claim_no, a.finished_at, a.outcome
      from (select distinct id from unnest(p_tasks) id) u
        join tasker.attempt a on a.lane = tasker.lane_of(u.id) and a.task_id = u.id
      where a.outcome <> 'lost') r
    window of_step as (partition by r.task_id, r.ord),
           latest as (partition by r.task_id, r.ord order by r.attempt_no desc nulls last)) x
    cross join lateral (
      select ts.named_step_id, ts.name from tasker.template_step ts
      where ts.template_id = x.template_id and ts.ord = x.ord offset 0) ts
  where x.state is not null
  order by x.task_id, x.ord;
end $$;
