-- Takes due steps of one lane for a host, in queue order, as far as it has room: for the plugin versions that it has
-- loaded, of tasks that may run. First moves what has fallen due into the queue.
-- Locks: host, ready_step, step, task. Steps that somebody has locked are skipped and stay queued.
-- The plugins in the queue are found by jumping from one to the next (a loose index scan): one probe each, however
-- many rows wait for a plugin that this host lacks and however many plugins it has loaded.
create or replace function tasker.claim_steps(p_host int, p_lane smallint, p_plugins int[], p_room int, p_now timestamptz)
returns table (task_id bigint, ord int, claim_no int, attempt int, retry_limit int, revision int, template_id int,
               plugin_id int)
language plpgsql as $$
#variable_conflict use_column
declare
  v_tasks bigint[];  v_ords int[];  v_places tid[];
  lo bigint;  hi bigint;
begin
  perform from tasker.host where host_id = p_host and alive for key share;
  if not found then
    raise exception using errcode = 'TK001', message = format('host %s was declared dead', p_host);
  end if;

  with due as (
    select * from tasker.delayed_step d where d.lane = p_lane and d.run_at <= p_now
    order by d.run_at limit 1000 for update skip locked),
  gone as (
    delete from tasker.delayed_step d using due
    where d.lane = due.lane and d.run_at = due.run_at and d.task_id = due.task_id and d.ord = due.ord)
  insert into tasker.ready_step (lane, plugin_id, priority, run_at, task_id, ord)
  select p_lane, plugin_id, priority, run_at, task_id, ord from due;

  with recursive waiting as (
    (select r.plugin_id from tasker.ready_step r where r.lane = p_lane order by r.plugin_id limit 1)
    union all
    select (select r.plugin_id from tasker.ready_step r where r.lane = p_lane and r.plugin_id > w.plugin_id
            order by r.plugin_id limit 1)
    from waiting w where w.plugin_id is not null),
  head as (
    select q.* from (select plugin_id from waiting where plugin_id = any (p_plugins)) w
      cross join lateral (
        select r.ctid as place, r.task_id, r.ord, r.priority, r.run_at from tasker.ready_step r
        where r.lane = p_lane and r.plugin_id = w.plugin_id
        order by r.priority, r.run_at, r.task_id, r.ord limit p_room for update skip locked) q
    order by q.priority, q.run_at, q.task_id, q.ord limit p_room)
  select array_agg(task_id), array_agg(ord), array_agg(place) into v_tasks, v_ords, v_places
  from (select * from head order by task_id, ord) h;
  if v_tasks is null then
    return;
  end if;
  lo := v_tasks[1];
  hi := v_tasks[cardinality(v_tasks)];

  -- `offset 0` leaves step one partner only, so that it is entered by all three of its keys. Joined freely it was entered
  -- through task, by two of them (500 of one task's 1,000 steps: 227 ms instead of 11), or by the lane and the range alone
  -- (each row of the batch with each: 80 us a step instead of 25).
  -- Rows that are locked are met again by their place (ctid), which nobody can change now.
  return query
  with u as (select tasker.lane_of(t) as lane, t, o, place from unnest(v_tasks, v_ords, v_places) u(t, o, place)
        where t between lo and hi and o between 1 and 16383),
  locked as (
    select s.ctid as step_place, s.tableoid as part, u.place, u.revision, u.template_id
    from (select u.*, t.*
          from u cross join lateral (
            select t.revision, t.template_id from tasker.task t
            where t.lane = u.lane and t.task_id = u.t and t.task_id between lo and hi
              and t.state in ('pending', 'in_progress') offset 0) t
          offset 0) u
      join tasker.step s on s.lane = u.lane and s.task_id = u.t and s.ord = u.o
    where s.task_id between lo and hi and s.state in ('ready', 'waiting_for_retry')
    order by s.task_id, s.ord for update of s skip locked),
  taken as (
    update tasker.step s set state = 'in_progress', host_id = p_host, claim_no = s.claim_no + 1, claimed_at = p_now,
      run_at = null
    from locked l
    where s.ctid = l.step_place and s.tableoid = l.part and s.task_id between lo and hi
    returning s.task_id, s.ord, s.claim_no, s.attempts, s.retry_limit, s.plugin_id, l.revision, l.template_id, l.place),
  unqueued as (delete from tasker.ready_step r using taken k where r.ctid = k.place)
  select task_id, ord, claim_no, attempts + 1, retry_limit::int, revision, template_id, plugin_id from taken;

  update tasker.task t set state = 'in_progress'
  from (select distinct tasker.lane_of(x) as lane, x from unnest(v_tasks) x where x between lo and hi order by x) u
  where t.lane = u.lane and t.task_id = u.x and t.task_id between lo and hi and t.state = 'pending';
end $$;
