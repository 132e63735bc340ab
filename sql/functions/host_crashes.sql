-- Notes that a step took its host down: `p_process` is the dead process's own name for itself, and the row goes to its last
-- life. The attempt that was running says so from now on. A step that did it crash_limit times ends in error, here when it
-- waits for its next attempt, else when it is taken back (reclaim_steps). Whatever else was running on that host pays
-- nothing: reclaim_steps charges no loss to a host that has a row here, whichever of the two came first.
-- Answers how often the step did it and how often is too often; host 0 when the process is not known in this database; no
-- row when this was noted before.
create or replace function tasker.note_crash(
  p_process text, p_task bigint, p_ord int, p_claim int, p_signal text, p_plugin text, p_step text, p_now timestamptz)
returns table (host_id int, crashes int, crash_limit int) language plpgsql as $$
#variable_conflict use_column
declare
  v_host    int := (select max(h.host_id) from tasker.host h where h.process = p_process);
  v_limit   int := (select st.crash_limit from tasker.setting st);
  v_crashes int;
  v_ended   boolean := false;
begin
  if v_host is null then
    return query select 0, 0, v_limit;
    return;
  end if;
  insert into tasker.host_crash (host_id, at, task_id, ord, claim_no, signal, plugin, step)
  values (v_host, p_now, p_task, p_ord, p_claim, p_signal, p_plugin, p_step)
  on conflict do nothing;
  if not found then
    return;
  end if;
  -- Whoever is taking these steps back writes the attempt either before this goes on or after it has committed.
  perform tasker.lock_tasks(array[p_task]);
  insert into tasker.journal (at, kind, task_id, ord, host_id, reason, data)
  values (p_now, 'host.crashed', p_task, p_ord, v_host, p_signal, jsonb_build_object('plugin', p_plugin, 'step', p_step));
  select count(*) into v_crashes from tasker.host_crash c where c.task_id = p_task and c.ord = p_ord;

  if v_crashes >= v_limit then
    perform tasker.unqueue_tasks(array[p_task]);
    update tasker.step s set state = 'error', run_at = null
    where s.lane = tasker.lane_of(p_task) and s.task_id = p_task and s.ord = p_ord
      and s.state in ('pending', 'ready', 'waiting_for_retry') and s.claim_no > 0;
    v_ended := found;
    perform tasker.settle_tasks(array[p_task], p_now);
  end if;
  update tasker.attempt a                                  -- taken back before this was known
  set message = tasker.crash_message(v_host), error_code = case when v_ended then 'plugin.crashed' else a.error_code end
  where a.lane = tasker.lane_of(p_task) and a.task_id = p_task and a.ord = p_ord and a.claim_no = p_claim
    and a.outcome = 'lost';
  return query select v_host, v_crashes, v_limit;
end $$;

-- What the attempt that took this host down says of it.
create or replace function tasker.crash_message(p_host int) returns text language sql stable as $$
  select format('it took host %s down: %s in plugin %s, step %s', host_id, signal, plugin, step)
  from tasker.host_crash where host_id = p_host
$$;
