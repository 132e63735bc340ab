-- Brings counters, states and queues of these tasks to what step_readiness says. Submit, takeover, hand-back and every
-- operator action end with it; after complete_steps it finds nothing to change. Answers how many rows it changed.
create or replace function tasker.settle_tasks(p_tasks bigint[], p_now timestamptz) returns int language plpgsql as $$
declare
  v_changed int := 0;
  v_rows    int;
begin
  perform tasker.lock_tasks(p_tasks);

  -- Steps: `ready` exactly when step_readiness would run it; a step that no longer is leaves its queue.
  -- `+ 0` keeps the planner from entering step through task, by two of its three keys.
  with r as (
    select s.lane, s.task_id, s.ord, s.state as old_state, s.run_at as old_run_at, t.priority,
           r.total_parents - r.completed_parents as pending_parents,
           greatest(coalesce(t.start_at, p_now), p_now) as due,
           r.dependencies_satisfied and r.retry_eligible and t.state in ('pending', 'in_progress') as may_run
    from tasker.step_readiness(p_tasks, p_now) r
      join tasker.task t on t.lane = tasker.lane_of(r.task_id) and t.task_id = r.task_id
      join tasker.step s on s.lane = t.lane and s.task_id = r.task_id + 0 and s.ord = (r.workflow_step_id % 16384)::int),
  moved as (
    update tasker.step s set
      pending_parents = r.pending_parents,
      state = case when s.state not in ('pending', 'ready') then s.state
                   when r.may_run then 'ready' else 'pending' end::tasker.step_state,
      run_at = case when s.state = 'pending' and r.may_run then r.due
                    when s.state = 'ready' and not r.may_run then null else s.run_at end
    from r
    where s.lane = r.lane and s.task_id = r.task_id + 0 and s.ord = r.ord
      -- The counter of a step that ended means nothing, and complete_steps no longer moves it.
      and (s.pending_parents <> r.pending_parents and not tasker.is_terminal(s.state)
           or s.state = 'pending' and r.may_run or s.state = 'ready' and not r.may_run)
    returning s.lane, s.task_id, s.ord, s.plugin_id, s.state, r.old_state, r.old_run_at, r.priority),
  unready as (
    delete from tasker.ready_step q using moved m
    where m.old_state = 'ready' and m.state = 'pending' and q.lane = m.lane and q.plugin_id = m.plugin_id
      and q.priority = m.priority and q.run_at = m.old_run_at and q.task_id = m.task_id and q.ord = m.ord),
  undelayed as (
    delete from tasker.delayed_step q using moved m
    where m.old_state = 'ready' and m.state = 'pending' and q.lane = m.lane and q.run_at = m.old_run_at
      and q.task_id = m.task_id and q.ord = m.ord)
  select count(*) into v_rows from moved;
  v_changed := v_changed + v_rows;

  -- Tasks.
  with d as (
    select t.lane, t.task_id, count(*) filter (where s.children is null and not tasker.satisfies_child(s.state))::int as open_sinks,
           count(*) filter (where not tasker.satisfies_child(s.state)) = 0 as satisfied,
           -- A step that gave up as cancelled in a task that is not fails it: its children can never run.
           count(*) filter (where s.state = 'error' or s.state = 'cancelled' and t.state <> 'cancelled') > 0 as failed,
           count(*) filter (where s.state in ('ready', 'in_progress', 'waiting_for_retry', 'waiting_for_event')) > 0 as moving,
           count(*) filter (where s.state = 'in_progress') > 0 as running,
           count(*) filter (where s.state = 'in_progress' or s.attempts > 0 or s.claim_no > 0) > 0 as started
    from unnest(p_tasks) u(id)
      join tasker.task t on t.lane = tasker.lane_of(u.id) and t.task_id = u.id
      join tasker.step s on s.lane = t.lane and s.task_id = u.id
    group by t.lane, t.task_id),
  e as (
    select d.*, case when t.state in ('cancelled', 'resolved_manually') then t.state
                     when d.satisfied then 'complete'
                     when t.state = 'paused' then 'paused'
                     when d.failed and not d.moving then 'error'
                     when d.started or t.state = 'in_progress' then 'in_progress'
                     else 'pending' end::tasker.task_state as state
    from d join tasker.task t on t.lane = d.lane and t.task_id = d.task_id),
  f as (
    select e.*, e.state in ('complete', 'error', 'resolved_manually') or e.state = 'cancelled' and not e.running as ended
    from e)
  update tasker.task t set open_sinks = f.open_sinks, failed = f.failed, state = f.state,
    finished_at = case when f.ended then coalesce(t.finished_at, p_now) end
  from f
  where t.lane = f.lane and t.task_id = f.task_id
    and (t.open_sinks, t.failed, t.state, t.finished_at is not null)
        is distinct from (f.open_sinks, f.failed, f.state, f.ended);
  get diagnostics v_rows = row_count;
  v_changed := v_changed + v_rows;

  -- Queues: exactly the ready and waiting steps of tasks that may run.
  with want as (
    select s.lane, s.plugin_id, t.priority, s.run_at, s.task_id, s.ord
    from unnest(p_tasks) u(id)
      join tasker.task t on t.lane = tasker.lane_of(u.id) and t.task_id = u.id
      join tasker.step s on s.lane = t.lane and s.task_id = u.id
    where s.state in ('ready', 'waiting_for_retry') and t.state in ('pending', 'in_progress')),
  -- A due row may still stand among the delayed ones: claim_steps moves it.
  delayed as (
    insert into tasker.delayed_step (lane, plugin_id, priority, run_at, task_id, ord)
    select w.* from want w where w.run_at > p_now
      and not exists (select from tasker.delayed_step d where d.lane = w.lane and d.run_at = w.run_at
                      and d.task_id = w.task_id and d.ord = w.ord)
      and not exists (select from tasker.ready_step r where (r.lane, r.plugin_id, r.priority, r.run_at, r.task_id, r.ord)
                      = (w.lane, w.plugin_id, w.priority, w.run_at, w.task_id, w.ord))
    returning 1),
  ready as (
    insert into tasker.ready_step (lane, plugin_id, priority, run_at, task_id, ord)
    select w.* from want w where w.run_at <= p_now
      and not exists (select from tasker.delayed_step d where d.lane = w.lane and d.run_at = w.run_at
                      and d.task_id = w.task_id and d.ord = w.ord)
      and not exists (select from tasker.ready_step r where (r.lane, r.plugin_id, r.priority, r.run_at, r.task_id, r.ord)
                      = (w.lane, w.plugin_id, w.priority, w.run_at, w.task_id, w.ord))
    returning 1)
  select (select count(*) from delayed) + (select count(*) from ready) into v_rows;
  return v_changed + v_rows;
end $$;
