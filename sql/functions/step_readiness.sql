-- The one truth about readiness: derived from the rows (states, edges, attempts, clocks), never from counters or queues.
-- One row a step, ordered by task and step; the columns are the predecessor's. current_state is ours.
-- next_retry_at and backoff_request_seconds speak of a step that waits for its next attempt.
create or replace function tasker.step_readiness(p_tasks bigint[], p_now timestamptz default clock_timestamp())
returns table (workflow_step_id bigint, task_id bigint, named_step_id int, name text, current_state text,
               dependencies_satisfied boolean, retry_eligible boolean, ready_for_execution boolean,
               last_failure_at timestamptz, next_retry_at timestamptz, total_parents int, completed_parents int,
               attempts int, retry_limit int, backoff_request_seconds int, last_attempted_at timestamptz)
language sql stable as $$
  select tasker.workflow_step_id(s.task_id, s.ord), s.task_id, ts.named_step_id, ts.name, s.state::text,
         p.satisfied = p.total,
         s.attempts < s.retry_limit and (s.retryable or s.attempts = 0) and s.state <> 'error',
         s.state in ('pending', 'ready', 'waiting_for_retry') and p.satisfied = p.total
           and s.attempts < s.retry_limit and (s.retryable or s.attempts = 0)
           and coalesce(s.run_at, t.start_at, p_now) <= p_now and t.state in ('pending', 'in_progress'),
         case when s.state in ('error', 'waiting_for_retry') and a.outcome not in ('ok', 'wait') then a.finished_at end,
         case when s.state = 'waiting_for_retry' then s.run_at end,
         p.total, p.satisfied, s.attempts::int, s.retry_limit::int,
         case when s.state = 'waiting_for_retry' then round(extract(epoch from s.run_at - a.finished_at))::int end,
         a.finished_at
  from (select distinct id from unnest(p_tasks) id) u
    join tasker.task t on t.lane = tasker.lane_of(u.id) and t.task_id = u.id
    join tasker.step s on s.lane = tasker.lane_of(u.id) and s.task_id = u.id
    join tasker.template_step ts on ts.template_id = t.template_id and ts.ord = s.ord
    cross join lateral (
      select count(*)::int as total, count(*) filter (where tasker.satisfies_child(ps.state))::int as satisfied
      from (select e.from_ord from tasker.template_edge e where e.template_id = t.template_id and e.to_ord = s.ord
            union all
            select e.from_ord from tasker.step_edge e
            where e.lane = tasker.lane_of(u.id) and e.task_id = u.id and e.to_ord = s.ord) e
        join tasker.step ps on ps.lane = tasker.lane_of(u.id) and ps.task_id = u.id and ps.ord = e.from_ord) p
    left join lateral (
      select a.finished_at, a.outcome from tasker.attempt a
      where a.lane = tasker.lane_of(u.id) and a.task_id = u.id and a.ord = s.ord and a.outcome <> 'lost'
      order by a.claim_no desc limit 1) a on true
  order by s.task_id, s.ord
$$;
