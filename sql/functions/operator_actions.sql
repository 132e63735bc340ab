-- What an operator may do to a task as a whole. Each locks first what it changes, settles the task in the same
-- transaction, and leaves a line in the journal. True if the action applied.

-- No step starts any more; what those running still answer is recorded.
create or replace function tasker.cancel_task(p_task bigint, p_principal text, p_reason text, p_now timestamptz)
returns boolean language plpgsql as $$
begin
  perform tasker.lock_tasks(array[p_task]);
  perform tasker.unqueue_tasks(array[p_task]);
  update tasker.task t set state = 'cancelled'
  where t.lane = tasker.lane_of(p_task) and t.task_id = p_task
    and t.state in ('pending', 'in_progress', 'paused', 'error');
  if not found then
    return false;
  end if;
  update tasker.step s set state = 'cancelled', run_at = null
  where s.lane = tasker.lane_of(p_task) and s.task_id = p_task
    and s.state in ('pending', 'ready', 'waiting_for_retry', 'waiting_for_event');
  insert into tasker.journal (at, kind, task_id, principal, reason)
  values (p_now, 'task.cancelled', p_task, p_principal, p_reason);
  perform tasker.settle_tasks(array[p_task], p_now);
  return true;
end $$;

-- An intent that every claim reads: running steps end, nothing new is claimed.
create or replace function tasker.pause_task(p_task bigint, p_principal text, p_reason text, p_now timestamptz)
returns boolean language plpgsql as $$
begin
  perform tasker.lock_tasks(array[p_task]);
  perform tasker.unqueue_tasks(array[p_task]);
  update tasker.task t set state = 'paused'
  where t.lane = tasker.lane_of(p_task) and t.task_id = p_task and t.state in ('pending', 'in_progress');
  if not found then
    perform tasker.settle_tasks(array[p_task], p_now);
    return false;
  end if;
  insert into tasker.journal (at, kind, task_id, principal, reason)
  values (p_now, 'task.paused', p_task, p_principal, p_reason);
  perform tasker.settle_tasks(array[p_task], p_now);
  return true;
end $$;

create or replace function tasker.resume_task(p_task bigint, p_principal text, p_reason text, p_now timestamptz)
returns boolean language plpgsql as $$
begin
  perform tasker.lock_tasks(array[p_task]);
  update tasker.task t set state = 'in_progress'
  where t.lane = tasker.lane_of(p_task) and t.task_id = p_task and t.state = 'paused';
  if not found then
    return false;
  end if;
  insert into tasker.journal (at, kind, task_id, principal, reason)
  values (p_now, 'task.resumed', p_task, p_principal, p_reason);
  perform tasker.settle_tasks(array[p_task], p_now);
  return true;
end $$;
