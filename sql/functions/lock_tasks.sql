-- Locks what may change of these tasks, in the one order that holds everywhere: queue rows, unfinished steps by
-- (task_id, ord), task rows. Operator actions, takeover and repair begin with it. Queue rows are found by the key that
-- the step implies.
create or replace function tasker.lock_tasks(p_tasks bigint[]) returns void language plpgsql as $$
begin
  perform from (
    select t.lane, t.task_id, t.priority, s.ord, s.plugin_id, s.run_at
    from unnest(p_tasks) u(id)
      join tasker.task t on t.lane = tasker.lane_of(u.id) and t.task_id = u.id
      join tasker.step s on s.lane = t.lane and s.task_id = u.id
    where s.state in ('ready', 'waiting_for_retry')) q
    join tasker.ready_step r on r.lane = q.lane and r.plugin_id = q.plugin_id and r.priority = q.priority
                            and r.run_at = q.run_at and r.task_id = q.task_id and r.ord = q.ord
  order by r.lane, r.plugin_id, r.priority, r.run_at, r.task_id, r.ord for update of r;
  perform from (
    select s.lane, s.task_id, s.ord, s.run_at
    from unnest(p_tasks) u(id) join tasker.step s on s.lane = tasker.lane_of(u.id) and s.task_id = u.id
    where s.state in ('ready', 'waiting_for_retry')) q
    join tasker.delayed_step d on d.lane = q.lane and d.run_at = q.run_at and d.task_id = q.task_id and d.ord = q.ord
  order by d.lane, d.run_at, d.task_id, d.ord for update of d;
  perform from unnest(p_tasks) u(id) join tasker.step s on s.lane = tasker.lane_of(u.id) and s.task_id = u.id
  where not tasker.is_terminal(s.state)
  order by s.task_id, s.ord for update of s;
  perform from unnest(p_tasks) u(id) join tasker.task t on t.lane = tasker.lane_of(u.id) and t.task_id = u.id
  order by t.task_id for update of t;
end $$;

-- Takes these tasks' steps out of both queues, by key: what an operator's action does between lock_tasks and the change
-- itself. settle_tasks puts back what still belongs there.
create or replace function tasker.unqueue_tasks(p_tasks bigint[]) returns void language sql as $$
  delete from tasker.ready_step r
  using unnest(p_tasks) u(id), tasker.task t, tasker.step s
  where t.lane = tasker.lane_of(u.id) and t.task_id = u.id and s.lane = t.lane and s.task_id = u.id
    and s.state in ('ready', 'waiting_for_retry')
    and r.lane = t.lane and r.plugin_id = s.plugin_id and r.priority = t.priority and r.run_at = s.run_at
    and r.task_id = s.task_id and r.ord = s.ord;
  delete from tasker.delayed_step d
  using unnest(p_tasks) u(id), tasker.step s
  where s.lane = tasker.lane_of(u.id) and s.task_id = u.id and s.state in ('ready', 'waiting_for_retry')
    and d.lane = s.lane and d.run_at = s.run_at and d.task_id = s.task_id and d.ord = s.ord
$$;
