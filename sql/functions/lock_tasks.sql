-- Locks what may change of these tasks, in the one order that holds everywhere: queue rows, unfinished steps by
-- (task_id, ord), task rows. Operator actions, takeover and repair begin with it. Queue rows are found by the key that
-- the step implies; those keys are computed first, else the planner may walk a lane's whole queue for each task.
create or replace function tasker.lock_tasks(p_tasks bigint[]) returns void language plpgsql as $$
begin
  perform from tasker.queue_keys(p_tasks) q
    join tasker.ready_step r on r.lane = q.lane and r.plugin_id = q.plugin_id and r.priority = q.priority
                            and r.run_at = q.run_at and r.task_id = q.task_id and r.ord = q.ord
  order by r.lane, r.plugin_id, r.priority, r.run_at, r.task_id, r.ord for update of r;
  perform from tasker.queue_keys(p_tasks) q
    join tasker.delayed_step d on d.lane = q.lane and d.run_at = q.run_at and d.task_id = q.task_id and d.ord = q.ord
  order by d.lane, d.run_at, d.task_id, d.ord for update of d;
  perform from unnest(p_tasks) u(id) join tasker.step s on s.lane = tasker.lane_of(u.id) and s.task_id = u.id
  where not tasker.is_terminal(s.state)
  order by s.task_id, s.ord for update of s;
  perform from unnest(p_tasks) u(id) join tasker.task t on t.lane = tasker.lane_of(u.id) and t.task_id = u.id
  order by t.task_id for update of t;
end $$;

-- Where the queued steps of these tasks stand in the queues. In plpgsql, so that it is not taken apart and joined anew.
create or replace function tasker.queue_keys(p_tasks bigint[])
returns table (lane smallint, plugin_id int, priority smallint, run_at timestamptz, task_id bigint, ord int)
language plpgsql stable rows 10 as $$
#variable_conflict use_column
begin
  return query
  select t.lane, s.plugin_id, t.priority, s.run_at, t.task_id, s.ord
  from unnest(p_tasks) u(id)
    join tasker.task t on t.lane = tasker.lane_of(u.id) and t.task_id = u.id
    join tasker.step s on s.lane = t.lane and s.task_id = u.id
  where s.state in ('ready', 'waiting_for_retry');
end $$;

-- Takes these tasks' steps out of both queues, by key: what an operator's action does between lock_tasks and the change
-- itself. settle_tasks puts back what still belongs there.
create or replace function tasker.unqueue_tasks(p_tasks bigint[]) returns void language sql as $$
  delete from tasker.ready_step r using tasker.queue_keys(p_tasks) q
  where r.lane = q.lane and r.plugin_id = q.plugin_id and r.priority = q.priority and r.run_at = q.run_at
    and r.task_id = q.task_id and r.ord = q.ord;
  delete from tasker.delayed_step d using tasker.queue_keys(p_tasks) q
  where d.lane = q.lane and d.run_at = q.run_at and d.task_id = q.task_id and d.ord = q.ord
$$;
