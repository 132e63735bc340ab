CREATE SCHEMA tasker;

CREATE TYPE tasker.attempt_outcome AS ENUM (
    'ok',
    'retry',
    'fail',
    'wait',
    'cancelled',
    'timed_out',
    'lost'
);

CREATE TYPE tasker.step_state AS ENUM (
    'pending',
    'ready',
    'in_progress',
    'waiting_for_retry',
    'waiting_for_event',
    'complete',
    'error',
    'cancelled',
    'skipped',
    'resolved_manually'
);

CREATE TYPE tasker.task_state AS ENUM (
    'pending',
    'in_progress',
    'paused',
    'complete',
    'error',
    'cancelled',
    'resolved_manually'
);

CREATE FUNCTION tasker.beat(p_host integer, p_now timestamp with time zone) RETURNS TABLE(host_id integer, heartbeat bigint, process text)
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
begin
  update tasker.host h set heartbeat = h.heartbeat + 1, seen_at = p_now where h.host_id = p_host and h.alive;
  if not found then
    raise exception using errcode = 'TK001', message = format('host %s was declared dead', p_host);
  end if;
  -- Dead hosts that may still hold steps are told as counter -1: any host may go on with the takeover.
  return query select h.host_id, case when h.alive then h.heartbeat else -1 end, h.process
               from tasker.host h where h.host_id <> p_host and (h.alive or not h.released);
end $$;

CREATE FUNCTION tasker.cancel_task(p_task bigint, p_principal text, p_reason text, p_now timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION tasker.claim_steps(p_host integer, p_lane smallint, p_plugins integer[], p_room integer, p_now timestamp with time zone) RETURNS TABLE(task_id bigint, ord integer, claim_no integer, attempt integer, retry_limit integer, revision integer, template_id integer, plugin_id integer)
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
declare
  v_tasks bigint[];  v_ords int[];
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
        select r.task_id, r.ord, r.priority, r.run_at from tasker.ready_step r
        where r.lane = p_lane and r.plugin_id = w.plugin_id
        order by r.priority, r.run_at, r.task_id, r.ord limit p_room for update skip locked) q
    order by q.priority, q.run_at, q.task_id, q.ord limit p_room)
  select array_agg(task_id order by task_id, ord), array_agg(ord order by task_id, ord), min(task_id), max(task_id)
  into v_tasks, v_ords, lo, hi from head;
  if v_tasks is null then
    return;
  end if;

  return query
  with u as (select tasker.lane_of(t) as lane, t, o from unnest(v_tasks, v_ords) u(t, o)
        where t between lo and hi and o between 1 and 16383),
  locked as (
    select s.lane, s.task_id, s.ord, s.plugin_id, s.run_at, t.revision, t.template_id, t.priority
    from u join tasker.step s on s.lane = u.lane and s.task_id = u.t and s.ord = u.o
           join tasker.task t on t.lane = u.lane and t.task_id = u.t
    where s.task_id between lo and hi and t.task_id between lo and hi
      and s.state in ('ready', 'waiting_for_retry') and t.state in ('pending', 'in_progress')
    order by s.task_id, s.ord for update of s skip locked),
  taken as (
    update tasker.step s set state = 'in_progress', host_id = p_host, claim_no = s.claim_no + 1, claimed_at = p_now,
      run_at = null
    from locked l
    where s.lane = l.lane and s.task_id = l.task_id and s.ord = l.ord and s.task_id between lo and hi
    returning s.lane, s.task_id, s.ord, s.claim_no, s.attempts, s.retry_limit, s.plugin_id, l.revision, l.template_id,
              l.priority, l.run_at),
  unqueued as (
    delete from tasker.ready_step r using taken k
    where r.lane = k.lane and r.plugin_id = k.plugin_id and r.priority = k.priority and r.run_at = k.run_at
      and r.task_id = k.task_id and r.ord = k.ord)
  select task_id, ord, claim_no, attempts + 1, retry_limit::int, revision, template_id, plugin_id from taken;

  update tasker.task t set state = 'in_progress'
  from (select distinct tasker.lane_of(x) as lane, x from unnest(v_tasks) x where x between lo and hi order by x) u
  where t.lane = u.lane and t.task_id = u.x and t.task_id between lo and hi and t.state = 'pending';
end $$;

CREATE FUNCTION tasker.complete_steps(p_host integer, p_lane smallint, p_tasks bigint[], p_ords integer[], p_claims integer[], p_outcomes tasker.attempt_outcome[], p_results jsonb[], p_codes text[], p_messages text[], p_delays_ms bigint[], p_ran_us bigint[], p_ended_us bigint[], p_checkpoints jsonb[], p_events jsonb, p_room integer, p_plugins integer[], p_now timestamp with time zone) RETURNS TABLE(kind "char", task_id bigint, ord integer, claim_no integer, attempt integer, retry_limit integer, revision integer, template_id integer, plugin_id integer)
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
declare
  lo bigint;
  hi bigint;
  all_ok      boolean := 'ok' = all (p_outcomes);
  failing     bigint[];                                    -- tasks that an outcome of this batch may end
  kid_tasks   bigint[];  kid_ords int[];
  ended       bigint[];                                    -- tasks of sinks, once a sink
  waits       bigint[];  wait_ords int[];                  -- steps that run again later
  doomed      bigint[];                                    -- tasks with a step that failed for good now
  watched     bigint[];                                    -- tasks that may have come to rest now
  rec_tasks   bigint[];  rec_ords int[];                   -- what was really written
begin
  perform from tasker.host where host_id = p_host and alive for key share;        -- takeover locks this row first
  if not found then
    raise exception using errcode = 'TK001', message = format('host %s was declared dead', p_host);
  end if;

  select min(x), max(x) into lo, hi from unnest(p_tasks) x;

  if not all_ok then
    select array_agg(distinct u.t) into failing
    from unnest(p_tasks, p_ords, p_claims, p_outcomes) u(t, o, c, k)
      join tasker.step s on s.lane = p_lane and s.task_id = u.t and s.ord = u.o
    where s.task_id between lo and hi and u.k not in ('ok', 'wait')
      and (u.k not in ('retry', 'timed_out') or not s.retryable or s.attempts + 1 >= s.retry_limit);
    if failing is not null then
      perform from tasker.step s
      where s.lane = p_lane and s.task_id = any (failing) and s.task_id between lo and hi
        and not tasker.is_terminal(s.state)
         or s.lane = p_lane and s.task_id between lo and hi
        and (s.task_id, s.ord) in (select * from unnest(p_tasks, p_ords))
      order by s.task_id, s.ord for update;
    end if;
  end if;

  with u as (
    select tasker.lane_of(t) as lane, u.*
    from unnest(p_tasks, p_ords, p_claims, p_outcomes, p_results, p_codes, p_messages, p_delays_ms,
                         p_ran_us, p_ended_us, p_checkpoints)
             as u(t, o, c, k, result, code, message, delay_ms, ran_us, ended_us, checkpoint)
    where t between lo and hi),
  done as (
    update tasker.step s set
      state = case u.k when 'ok' then 'complete'
                       when 'wait' then 'waiting_for_retry'
                       when 'cancelled' then 'cancelled'
                       when 'fail' then 'error'
                       else case when s.retryable and s.attempts + 1 < s.retry_limit
                                 then 'waiting_for_retry' else 'error' end end::tasker.step_state,
      attempts = s.attempts + (u.k not in ('wait', 'cancelled'))::int,
      run_at = case when u.k = 'wait'
                      or u.k in ('retry', 'timed_out') and s.retryable and s.attempts + 1 < s.retry_limit
                    then p_now + u.delay_ms * interval '1 ms' end
    from u
    where s.lane = u.lane and s.task_id = u.t and s.ord = u.o and s.task_id between lo and hi
      and s.state = 'in_progress' and s.host_id = p_host and s.claim_no = u.c       -- the fence
    returning s.task_id, s.ord, s.claim_no, s.children, s.claimed_at, s.plugin_id, s.attempts, s.state, s.run_at,
              u.k, u.result, u.code, u.message, u.ran_us, u.ended_us, u.checkpoint),
  logged as (
    insert into tasker.attempt (lane, task_id, ord, claim_no, host_id, plugin_id, outcome, attempt, claimed_at, started_at,
                                finished_at, run_at, error_code, message, result, checkpoint)
    select p_lane, task_id, ord, claim_no, p_host, plugin_id, k, attempts + (k in ('wait', 'cancelled'))::int, claimed_at,
           p_now - (ended_us + ran_us) * interval '1 us', p_now - ended_us * interval '1 us', run_at, code, message,
           result, checkpoint
    from done),
  kids as (select task_id, unnest(children) as c from done where state = 'complete')
  select array_agg(task_id), array_agg(ord), (select array_agg(task_id) from kids), (select array_agg(c) from kids),
         array_agg(task_id) filter (where state = 'complete' and children is null),
         array_agg(task_id) filter (where state = 'waiting_for_retry'),
         array_agg(ord) filter (where state = 'waiting_for_retry'),
         array_agg(distinct task_id) filter (where state in ('error', 'cancelled'))
  into rec_tasks, rec_ords, kid_tasks, kid_ords, ended, waits, wait_ords, doomed
  from done;

  if doomed is not null and not doomed <@ coalesce(failing, '{}') then            -- a budget was cut under our feet
    raise exception using errcode = '40001', message = 'retry limit changed while an outcome was written';
  end if;

  if coalesce(cardinality(rec_tasks), 0) < cardinality(p_tasks) then
    -- Not written: either the claim was lost, or this is the repetition of a call whose answer got lost.
    return query
    with u as (
      select t, o, c, a.host_id is not null as repeated
      from (select * from unnest(p_tasks, p_ords, p_claims)
            except select r.t, r.o, p.c from unnest(rec_tasks, rec_ords) r(t, o)
                     join unnest(p_tasks, p_ords, p_claims) p(t, o, c) using (t, o)) u(t, o, c)
        left join tasker.attempt a on a.lane = p_lane and a.task_id = u.t and a.ord = u.o and a.claim_no = u.c
                                  and a.host_id = p_host and a.outcome <> 'lost' and a.task_id between lo and hi
      where t between lo and hi and o between 1 and 16383)
    select 's'::"char", t, o, c, 0, 0, 0, 0, 0 from u where not repeated
    union all
    select distinct 'c'::"char", k.task_id, k.ord, k.claim_no, k.attempts + 1, k.retry_limit::int, t.revision,
           t.template_id, k.plugin_id
    from u join tasker.step s on s.lane = p_lane and s.task_id = u.t and s.ord = u.o and s.task_id between lo and hi
           join tasker.step k on k.lane = p_lane and k.task_id = u.t and k.ord = any (s.children)
                             and k.task_id between lo and hi
           join tasker.task t on t.lane = p_lane and t.task_id = u.t and t.task_id between lo and hi
    where u.repeated and k.state = 'in_progress' and k.host_id = p_host
    union all
    select distinct case t.state when 'complete' then 'd' else 'e' end::"char", t.task_id, 0, 0, 0, 0, 0, 0, 0
    from u join tasker.task t on t.lane = p_lane and t.task_id = u.t and t.task_id between lo and hi
    where u.repeated and t.finished_at is not null;
  end if;

  if p_events is not null then
    insert into tasker.journal (at, kind, task_id, ord, host_id, data)
    select p_now, 'event', (s ->> 'task_id')::bigint, (s ->> 'ord')::int, p_host, e
    from jsonb_array_elements(p_events) s cross join jsonb_array_elements(s -> 'events') e
    where ((s ->> 'task_id')::bigint, (s ->> 'ord')::int) in (select * from unnest(rec_tasks, rec_ords));
  end if;

  if waits is not null then
    -- A step of a cancelled task never runs again: waiting would keep its task open for ever.
    update tasker.step s set state = 'cancelled', run_at = null
    from unnest(waits, wait_ords) w(t, o), tasker.task t
    where t.lane = p_lane and t.task_id = w.t and t.task_id between lo and hi and t.state = 'cancelled'
      and s.lane = p_lane and s.task_id = w.t and s.ord = w.o and s.task_id between lo and hi;
    insert into tasker.delayed_step (lane, run_at, task_id, ord, plugin_id, priority)
    select p_lane, s.run_at, s.task_id, s.ord, s.plugin_id, t.priority
    from unnest(waits, wait_ords) w(t, o)
      join tasker.step s on s.lane = p_lane and s.task_id = w.t and s.ord = w.o and s.task_id between lo and hi
      join tasker.task t on t.lane = p_lane and t.task_id = w.t and t.task_id between lo and hi
    where t.state in ('pending', 'in_progress');
    return query
    select 'r'::"char", 0::bigint, 0, greatest(0, extract(epoch from min(s.run_at) - p_now) * 1000)::int, 0, 0, 0, 0, 0
    from unnest(waits, wait_ords) w(t, o)
      join tasker.step s on s.lane = p_lane and s.task_id = w.t and s.ord = w.o and s.task_id between lo and hi
    where s.run_at is not null having count(*) > 0;
  end if;

  if kid_tasks is not null then                            -- a fresh snapshot: sees cancels and pauses
    return query
    with k as (
      select tasker.lane_of(t) as lane, t, c, count(*)::int as n from unnest(kid_tasks, kid_ords) as k(t, c)
      where t between lo and hi and c between 1 and 16383 group by 1, 2, 3),
    locked as (
      select s.lane, s.task_id, s.ord, s.pending_parents - k.n as pending_parents, s.plugin_id, t.revision, t.template_id, t.priority,
             t.state in ('pending', 'in_progress') as may_run, s.plugin_id = any (p_plugins) as loaded
      from k join tasker.step s on s.lane = k.lane and s.task_id = k.t and s.ord = k.c
             join tasker.task t on t.lane = k.lane and t.task_id = k.t
      where s.task_id between lo and hi and t.task_id between lo and hi and s.state = 'pending'
      order by s.task_id, s.ord for update of s),          -- one order, no deadlocks
    decided as (
      select *, case when pending_parents > 0 or not may_run then 'pending'
                     when loaded and count(*) filter (where pending_parents = 0 and may_run and loaded)
                                     over (order by task_id, ord) <= p_room then 'in_progress'
                     else 'ready' end::tasker.step_state as state
      from locked),
    moved as (
      update tasker.step s set
        pending_parents = d.pending_parents, state = d.state,
        host_id = case when d.state = 'in_progress' then p_host end,
        claim_no = s.claim_no + (d.state = 'in_progress')::int,
        claimed_at = case when d.state = 'in_progress' then p_now end,
        run_at = case when d.state = 'ready' then p_now end
      from decided d
      where s.lane = d.lane and s.task_id = d.task_id and s.ord = d.ord and s.task_id between lo and hi and s.state = 'pending'
      returning s.task_id, s.ord, s.claim_no, s.state, s.attempts, s.retry_limit, s.plugin_id, d.revision, d.template_id,
                d.priority),
    queued as (
      insert into tasker.ready_step (lane, plugin_id, priority, run_at, task_id, ord)
      select p_lane, plugin_id, priority, p_now, task_id, ord from moved where state = 'ready'
      returning 1)
    select case state when 'in_progress' then 'c' else 'q' end::"char", task_id, ord, claim_no,
           attempts + 1, retry_limit::int, revision, template_id, plugin_id
    from moved where state <> 'pending';
  end if;

  if ended is not null then
    return query
    with e as (select tasker.lane_of(x) as lane, x, count(*)::int as n from unnest(ended) x where x between lo and hi
               group by 1, 2 order by 2),
    closed as (
      update tasker.task t set
        open_sinks = t.open_sinks - e.n,
        state = case when t.open_sinks = e.n and t.state in ('pending', 'in_progress', 'paused')
                     then 'complete'::tasker.task_state else t.state end,
        finished_at = case when t.open_sinks = e.n and t.state in ('pending', 'in_progress', 'paused')
                           then p_now else t.finished_at end
      from e
      where t.lane = e.lane and t.task_id = e.x and t.task_id between lo and hi
      returning t.task_id, t.state)
    select 'd'::"char", task_id, 0, 0, 0, 0, 0, 0, 0 from closed where state = 'complete';
  end if;

  -- Tasks that failed or were cancelled end when nothing of them can move any more. Their rows are locked first:
  -- of two hosts that end the last two steps, the second then sees what the first wrote.
  if doomed is not null then
    update tasker.task t set failed = true
    where t.lane = p_lane and t.task_id = any (doomed) and t.task_id between lo and hi
      and exists (select from tasker.step s where s.lane = p_lane and s.task_id = t.task_id and s.task_id between lo and hi
                  and (s.state = 'error' or s.state = 'cancelled' and t.state <> 'cancelled'));
  end if;
  if exists (select from tasker.task t where t.lane = p_lane and t.task_id between lo and hi
             and t.finished_at is null and (t.failed or t.state = 'cancelled')) then     -- index task_ending
    select array_agg(task_id) into watched from (
      select t.task_id from tasker.task t
      where t.lane = p_lane and t.task_id = any (p_tasks) and t.task_id between lo and hi
        and t.finished_at is null and (t.failed or t.state = 'cancelled') and t.state <> 'paused'
      order by t.task_id for update) locked;
    if watched is not null then
      return query
      update tasker.task t set state = case t.state when 'cancelled' then 'cancelled' else 'error' end::tasker.task_state,
        finished_at = p_now
      where t.lane = p_lane and t.task_id = any (watched) and t.task_id between lo and hi
        and not exists (
          select from tasker.step s
          where s.lane = p_lane and s.task_id = t.task_id and s.task_id between lo and hi
            and s.state in ('ready', 'in_progress', 'waiting_for_retry', 'waiting_for_event'))
      returning 'e'::"char", t.task_id, 0, 0, 0, 0, 0, 0, 0;
    end if;
  end if;
end $$;

CREATE FUNCTION tasker.dependency_levels(p_task bigint) RETURNS TABLE(workflow_step_id bigint, dependency_level integer)
    LANGUAGE sql STABLE
    AS $$
  with recursive edge as (
    select e.from_ord, e.to_ord from tasker.task t join tasker.template_edge e on e.template_id = t.template_id
    where t.lane = tasker.lane_of(p_task) and t.task_id = p_task and e.from_ord < e.to_ord
    union
    select e.from_ord, e.to_ord from tasker.step_edge e
    where e.lane = tasker.lane_of(p_task) and e.task_id = p_task and e.from_ord < e.to_ord),
  -- Level by level: union drops a step that is reached twice on the same level, so wide diamonds stay cheap.
  reached as (
    select s.ord, 0 as level from tasker.step s
    where s.lane = tasker.lane_of(p_task) and s.task_id = p_task
      and not exists (select from edge e where e.to_ord = s.ord)
    union
    select e.to_ord, r.level + 1 from reached r join edge e on e.from_ord = r.ord)
  select tasker.workflow_step_id(p_task, ord), max(level) from reached group by ord order by ord
$$;

CREATE FUNCTION tasker.ensure_partitions(p_from bigint, p_ahead bigint) RETURNS bigint
    LANGUAGE plpgsql
    AS $$
declare
  v_size   bigint;
  v_low    bigint;
  v_table  text;
  v_part   text;
  v_options text;
begin
  select partition_tasks into v_size from tasker.setting;
  v_low := p_from / v_size * v_size;
  while v_low <= p_from + p_ahead loop
    v_part := '_' || v_low / v_size;
    if to_regclass('tasker.annotation' || v_part) is null then     -- annotation is attached last
      perform from tasker.setting for update;
      foreach v_table in array array['task', 'step', 'step_edge', 'attempt', 'annotation'] loop
        continue when to_regclass('tasker.' || v_table || v_part) is not null;
        -- step rows are updated twice in place; task rows once or twice.
        v_options := case v_table
          when 'step' then 'with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.1)'
          when 'task' then 'with (fillfactor = 80)' else '' end;
        execute format('create table tasker.%I (like tasker.%I including defaults including constraints including indexes) %s',
                       v_table || v_part, v_table, v_options);
        execute format('alter table tasker.%I add constraint in_range check (task_id >= %s and task_id < %s)',
                       v_table || v_part, v_low, v_low + v_size);
        execute format('alter table tasker.%I attach partition tasker.%I for values from (%s) to (%s)',
                       v_table, v_table || v_part, v_low, v_low + v_size);
        execute format('alter table tasker.%I drop constraint in_range', v_table || v_part);
      end loop;
    end if;
    v_low := v_low + v_size;
  end loop;
  return v_low;
end $$;

CREATE FUNCTION tasker.hand_back_steps(p_host integer, p_tasks bigint[], p_ords integer[], p_claims integer[], p_now timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql
    AS $$
declare
  v_tasks bigint[] := (select array_agg(distinct x) from unnest(p_tasks) x);
  v_count int;
begin
  perform from tasker.host where host_id = p_host and alive for key share;
  if not found then
    raise exception using errcode = 'TK001', message = format('host %s was declared dead', p_host);
  end if;
  perform tasker.lock_tasks(v_tasks);
  with back as (
    update tasker.step s set run_at = null,
      state = case when t.state = 'cancelled' then 'cancelled' else 'pending' end::tasker.step_state
    from unnest(p_tasks, p_ords, p_claims) u(t, o, c), tasker.task t
    where s.lane = tasker.lane_of(u.t) and s.task_id = u.t and s.ord = u.o and s.claim_no = u.c
      and t.lane = s.lane and t.task_id = u.t and s.state = 'in_progress' and s.host_id = p_host
    returning 1)
  select count(*) into v_count from back;
  perform tasker.settle_tasks(v_tasks, p_now);
  return v_count;
end $$;

CREATE FUNCTION tasker.handler_versions(p_namespace text, p_name text) RETURNS TABLE(version text, template_id integer, plugin_id integer, available boolean, context_schema jsonb)
    LANGUAGE sql STABLE
    AS $$
  select v.version, v.template_id, v.plugin_id, v.available, d.context_schema
  from tasker.handler_version v join tasker.template d using (template_id)
  where v.namespace = p_namespace and v.name = p_name
$$;

CREATE FUNCTION tasker.held_steps(p_host integer) RETURNS TABLE(task_id bigint, ord integer, claim_no integer, attempt integer, retry_limit integer, revision integer, template_id integer, plugin_id integer)
    LANGUAGE sql STABLE
    AS $$
  select s.task_id, s.ord, s.claim_no, s.attempts + 1, s.retry_limit::int, t.revision, t.template_id, s.plugin_id
  from tasker.task t join tasker.step s on s.lane = t.lane and s.task_id = t.task_id
  where t.finished_at is null and s.state = 'in_progress' and s.host_id = p_host
$$;

CREATE FUNCTION tasker.is_terminal(p_state tasker.step_state) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (p_state = ANY (ARRAY['complete'::tasker.step_state, 'error'::tasker.step_state, 'cancelled'::tasker.step_state, 'skipped'::tasker.step_state, 'resolved_manually'::tasker.step_state]));

CREATE FUNCTION tasker.lane_of(p_task bigint) RETURNS smallint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ((p_task % (16)::bigint))::smallint;

CREATE FUNCTION tasker.lanes() RETURNS integer
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN 16;

CREATE FUNCTION tasker.leave_host(p_host integer, p_now timestamp with time zone) RETURNS integer
    LANGUAGE sql
    AS $$
  with gone as (update tasker.host set alive = false where host_id = p_host and alive returning host_id),
  unloaded as (delete from tasker.host_plugin where host_id = p_host),
  noted as (insert into tasker.journal (at, kind, host_id) select p_now, 'host.left', host_id from gone)
  select count(*)::int from gone
$$;

CREATE FUNCTION tasker.list_handlers(p_namespace text) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $$
  with v as (select * from tasker.handler_version where namespace = p_namespace),
  h as (
    select name,
           coalesce(jsonb_agg(version order by version_core, pre_release nulls last) filter (where available), '[]') as versions,
           (array_agg(version order by version_core desc, pre_release desc nulls first)
              filter (where available and pre_release is null))[1] as latest,
           count(*) filter (where available) as available, count(*) as known
    from v group by name)
  select jsonb_build_object(
    'namespace', p_namespace,
    'handlers', coalesce((select jsonb_agg(jsonb_build_object(
        'name', name, 'namespace', p_namespace, 'versions', versions, 'latest_version', latest, 'handler_count', available,
        'available', available > 0) order by name) from h), '[]'),
    'total_handlers', (select count(*) from h))
  where exists (select from tasker.namespace where name = p_namespace)
$$;

CREATE FUNCTION tasker.list_namespaces(p_now timestamp with time zone) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $$
  with c as (select namespace, count(distinct name) as handlers from tasker.handler_version where available group by 1)
  select jsonb_build_object(
    'namespaces', coalesce((select jsonb_agg(jsonb_build_object('name', n.name, 'description', n.description,
                                                                'handler_count', coalesce(c.handlers, 0)) order by n.name)
                            from tasker.namespace n left join c on c.namespace = n.name), '[]'),
    'total_namespaces', (select count(*) from tasker.namespace), 'generated_at', p_now)
$$;

CREATE FUNCTION tasker.list_plugins() RETURNS jsonb
    LANGUAGE sql STABLE
    AS $$
  select jsonb_build_object('plugins', coalesce(jsonb_agg(jsonb_build_object(
    'plugin_id', p.plugin_id, 'namespace', p.namespace, 'name', p.name, 'version', p.version, 'state', p.state,
    'sha256', p.sha256, 'code', p.code, 'reason', p.reason, 'since', p.changed_at,
    'hosts', (select count(*) from tasker.host_plugin hp join tasker.host h using (host_id)
              where hp.plugin_id = p.plugin_id and h.alive)) order by p.namespace, p.name, p.plugin_id), '[]'))
  from tasker.plugin p
$$;

CREATE FUNCTION tasker.list_tasks(p_namespace text, p_name text, p_version text, p_status text, p_limit integer, p_after bigint) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $$
  with page as (
    select t.* from generate_series(0, tasker.lanes() - 1) l(lane) cross join lateral (
      select * from tasker.task t
      where t.lane = l.lane and (p_after is null or t.task_id < p_after)
        and (p_status is null or t.state::text = p_status or tasker.seed_status(t.state) = p_status)
        and (p_namespace is null and p_name is null and p_version is null
             or t.template_id in (select d.template_id from tasker.template d join tasker.namespace n using (namespace_id)
                                  where (p_namespace is null or n.name = p_namespace) and (p_name is null or d.name = p_name)
                                    and (p_version is null or d.version = p_version)))
      order by t.task_id desc limit p_limit + 1) t
    order by t.task_id desc limit p_limit + 1),
  numbered as (select p.*, row_number() over (order by p.task_id desc) as rn from page p)
  select jsonb_build_object(
    'tasks', coalesce((select jsonb_agg(tasker.task_head(t) order by t.task_id desc)
                       from tasker.task t join numbered n on n.lane = t.lane and n.task_id = t.task_id
                       where n.rn <= p_limit), '[]'),
    'next', (select min(task_id) from numbered where rn <= p_limit and (select count(*) from numbered) > p_limit))
$$;

CREATE FUNCTION tasker.lock_tasks(p_tasks bigint[]) RETURNS void
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION tasker.note_plugin_state(p_host integer, p_namespace text, p_name text, p_version text, p_sha256 text, p_state text, p_code text, p_reason text, p_now timestamp with time zone) RETURNS void
    LANGUAGE plpgsql
    AS $$
begin
  insert into tasker.plugin (namespace, name, version, sha256, state, code, reason, changed_at)
  values (p_namespace, p_name, p_version, p_sha256, p_state, p_code, p_reason, p_now)
  on conflict (namespace, name, version) do update
    set state = p_state, code = p_code, reason = p_reason, changed_at = p_now
    where tasker.plugin.sha256 = p_sha256;
  if p_state in ('draining', 'unloaded') then
    delete from tasker.host_plugin hp using tasker.plugin p
    where hp.host_id = p_host and hp.plugin_id = p.plugin_id and p.namespace = p_namespace and p.name = p_name
      and p.version = p_version;
  end if;
  insert into tasker.journal (at, kind, host_id, reason, data)
  values (p_now, 'plugin.' || p_state, p_host, p_reason,
          jsonb_build_object('namespace', p_namespace, 'name', p_name, 'version', p_version, 'sha256', p_sha256,
                             'code', p_code));
end $$;

CREATE FUNCTION tasker.pause_task(p_task bigint, p_principal text, p_reason text, p_now timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION tasker.peek_queues(p_plugins integer[], p_now timestamp with time zone) RETURNS TABLE(lane smallint, due_in_ms bigint)
    LANGUAGE sql STABLE
    AS $$
  with recursive waiting as (
    (select r.lane, r.plugin_id from tasker.ready_step r order by r.lane, r.plugin_id limit 1)
    union all
    select n.* from waiting w cross join lateral (
      select r.lane, r.plugin_id from tasker.ready_step r where (r.lane, r.plugin_id) > (w.lane, w.plugin_id)
      order by r.lane, r.plugin_id limit 1) n),
  delayed as (
    select l.lane::smallint, d.run_at from generate_series(0, tasker.lanes() - 1) l(lane) cross join lateral (
      select d.run_at from tasker.delayed_step d where d.lane = l.lane order by d.run_at limit 1) d)
  select distinct lane, 0::bigint from (
    select lane from waiting where plugin_id = any (p_plugins)
    union all select lane from delayed where run_at <= p_now) due
  union all
  select -1::smallint, ceil(extract(epoch from min(run_at) - p_now) * 1000)::bigint
  from delayed where run_at > p_now having count(*) > 0
$$;

CREATE FUNCTION tasker.publish_plugin(p_host integer, p_namespace text, p_name text, p_version text, p_sha256 text, p_version_core integer[], p_pre_release text, p_description text, p_class_name text, p_digest text, p_definition jsonb, p_schema jsonb, p_steps jsonb, p_now timestamp with time zone) RETURNS TABLE(plugin_id integer, template_id integer)
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
declare
  v_plugin    int;
  v_sha       text;
  v_namespace int;
  v_template  int;
  v_digest    text;
begin
  insert into tasker.plugin (namespace, name, version, sha256, state, changed_at)
  values (p_namespace, p_name, p_version, p_sha256, 'active', p_now)
  on conflict (namespace, name, version) do update set state = 'active', code = null, reason = null, changed_at = p_now
  where tasker.plugin.sha256 = p_sha256 or not exists (select from tasker.template t where t.plugin_id = tasker.plugin.plugin_id)
  returning plugin_id, sha256 into v_plugin, v_sha;
  if v_plugin is null then
    raise exception using errcode = 'TK010',
      message = format('plugin %s/%s %s is already known with other bytes', p_namespace, p_name, p_version);
  end if;
  if v_sha <> p_sha256 then
    update tasker.plugin set sha256 = p_sha256 where plugin_id = v_plugin;
  end if;

  insert into tasker.namespace (name) values (p_namespace) on conflict (name) do nothing;
  select namespace_id into v_namespace from tasker.namespace where name = p_namespace;

  insert into tasker.template (namespace_id, name, version, version_core, pre_release, description, class_name, plugin_id,
                               digest, definition, context_schema, sinks)
  values (v_namespace, p_name, p_version, p_version_core, p_pre_release, p_description, p_class_name, v_plugin, p_digest,
          p_definition, p_schema,
          (select count(*) from jsonb_array_elements(p_steps) s where jsonb_array_length(s -> 'children') = 0))
  on conflict (namespace_id, name, version) do nothing
  returning template_id into v_template;
  if v_template is null then
    select t.template_id, t.digest into v_template, v_digest from tasker.template t
    where t.namespace_id = v_namespace and t.name = p_name and t.version = p_version;
    if v_digest <> p_digest then
      raise exception using errcode = 'TK010',
        message = format('template %s/%s %s is already known with another definition', p_namespace, p_name, p_version);
    end if;
  else
    insert into tasker.template_step (template_id, ord, name, handler, parents, children, plugin_id, retryable, retry_limit,
                                      skippable, dependent_system, description)
    select v_template, (s ->> 'ord')::int, s ->> 'name', s ->> 'handler', jsonb_array_length(s -> 'parents'),
           (select array_agg(c::int order by c::int) from jsonb_array_elements_text(s -> 'children') c), v_plugin,
           (s ->> 'retryable')::boolean, (s ->> 'retry_limit')::smallint, (s ->> 'skippable')::boolean,
           nullif(s ->> 'dependent_system', ''), s ->> 'description'
    from jsonb_array_elements(p_steps) s;
    insert into tasker.template_edge (template_id, from_ord, to_ord)
    select v_template, p::int, (s ->> 'ord')::int
    from jsonb_array_elements(p_steps) s cross join jsonb_array_elements_text(s -> 'parents') p;
    insert into tasker.dependent_system (name)
    select distinct s ->> 'dependent_system' from jsonb_array_elements(p_steps) s where s ->> 'dependent_system' <> ''
    on conflict (name) do nothing;
    insert into tasker.journal (at, kind, host_id, data)
    values (p_now, 'plugin.published', p_host,
            jsonb_build_object('namespace', p_namespace, 'name', p_name, 'version', p_version, 'sha256', p_sha256));
  end if;
  insert into tasker.host_plugin (host_id, plugin_id) values (p_host, v_plugin) on conflict do nothing;
  return query select v_plugin, v_template;
end $$;

CREATE FUNCTION tasker.reclaim_dead_hosts(p_host integer, p_dead integer[], p_now timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql
    AS $$
declare
  v_dead int[];
begin
  perform from tasker.host where host_id = p_host and alive for key share;
  if not found then
    raise exception using errcode = 'TK001', message = format('host %s was declared dead', p_host);
  end if;
  select array_agg(host_id) into v_dead from (
    select h.host_id from tasker.host h where h.host_id = any (p_dead) and h.alive and h.host_id <> p_host
    order by h.host_id for update) locked;
  if v_dead is null then
    return 0;
  end if;
  update tasker.host set alive = false where host_id = any (v_dead);
  insert into tasker.journal (at, kind, host_id, data)
  select p_now, 'host.dead', h, jsonb_build_object('declared_by', p_host) from unnest(v_dead) h;
  return cardinality(v_dead);
end $$;

CREATE FUNCTION tasker.reclaim_steps(p_host integer, p_lane smallint, p_limit integer, p_now timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql
    AS $$
declare
  v_tasks bigint[];
  v_limit smallint := (select lost_limit from tasker.setting);
  v_count int;
begin
  perform from tasker.host where host_id = p_host and alive for key share;
  if not found then
    raise exception using errcode = 'TK001', message = format('host %s was declared dead', p_host);
  end if;
  select array_agg(distinct task_id) into v_tasks from (
    select s.task_id from tasker.task t join tasker.step s on s.lane = t.lane and s.task_id = t.task_id
    where t.lane = p_lane and t.finished_at is null and s.state = 'in_progress'
      and s.host_id in (select host_id from tasker.host where not alive) limit p_limit) found_steps;
  if v_tasks is null then
    return 0;
  end if;
  perform tasker.lock_tasks(v_tasks);

  with lost as (
    update tasker.step s set
      lost = s.lost + 1, run_at = null,
      state = case when t.state = 'cancelled' then 'cancelled'
                   when s.lost + 1 >= v_limit then 'error' else 'pending' end::tasker.step_state
    from tasker.task t
    where t.lane = p_lane and t.task_id = any (v_tasks) and s.lane = p_lane and s.task_id = t.task_id
      and s.state = 'in_progress' and s.host_id in (select host_id from tasker.host where not alive)
    returning s.*),
  logged as (
    insert into tasker.attempt (lane, task_id, ord, claim_no, host_id, plugin_id, outcome, attempt, claimed_at, started_at,
                                finished_at, error_code, message)
    select lane, task_id, ord, claim_no, host_id, plugin_id, 'lost', attempts + 1, claimed_at, claimed_at, p_now,
           case when state = 'error' then 'step.lost_too_often' end,
           format('host %s died while it held this step', host_id)
    from lost)
  select count(*) into v_count from lost;
  update tasker.task t set failed = true
  where t.lane = p_lane and t.task_id = any (v_tasks) and not t.failed
    and exists (select from tasker.step s where s.lane = p_lane and s.task_id = t.task_id and s.state = 'error');
  perform tasker.settle_tasks(v_tasks, p_now);
  return v_count;
end $$;

CREATE FUNCTION tasker.register_host(p_name text, p_version text, p_process text) RETURNS integer
    LANGUAGE sql
    AS $$
  insert into tasker.host (name, version, process) values (p_name, p_version, p_process) returning host_id
$$;

CREATE FUNCTION tasker.release_dead_hosts(p_dead integer[]) RETURNS integer
    LANGUAGE sql
    AS $$
  with gone as (
    update tasker.host set released = true where host_id = any (p_dead) and not alive and not released returning host_id),
  unloaded as (delete from tasker.host_plugin where host_id in (select host_id from gone))
  select count(*)::int from gone
$$;

CREATE FUNCTION tasker.resume_task(p_task bigint, p_principal text, p_reason text, p_now timestamp with time zone) RETURNS boolean
    LANGUAGE plpgsql
    AS $$
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

CREATE FUNCTION tasker.satisfies_child(p_state tasker.step_state) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN (p_state = ANY (ARRAY['complete'::tasker.step_state, 'skipped'::tasker.step_state, 'resolved_manually'::tasker.step_state]));

CREATE FUNCTION tasker.seed_status(p_state tasker.step_state) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE p_state WHEN 'ready'::tasker.step_state THEN 'pending'::text WHEN 'waiting_for_event'::tasker.step_state THEN 'pending'::text WHEN 'waiting_for_retry'::tasker.step_state THEN 'error'::text WHEN 'skipped'::tasker.step_state THEN 'complete'::text ELSE (p_state)::text END;

CREATE FUNCTION tasker.seed_status(p_state tasker.task_state) RETURNS text
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE p_state WHEN 'paused'::tasker.task_state THEN 'pending'::text ELSE (p_state)::text END;

CREATE FUNCTION tasker.settle_tasks(p_tasks bigint[], p_now timestamp with time zone) RETURNS integer
    LANGUAGE plpgsql
    AS $$
declare
  v_changed int := 0;
  v_rows    int;
begin
  perform tasker.lock_tasks(p_tasks);

  -- Steps: `ready` exactly when step_readiness would run it; a step that no longer is leaves its queue.
  with r as (
    select s.lane, s.task_id, s.ord, s.state as old_state, s.run_at as old_run_at, t.priority,
           r.total_parents - r.completed_parents as pending_parents,
           greatest(coalesce(t.start_at, p_now), p_now) as due,
           r.dependencies_satisfied and r.retry_eligible and t.state in ('pending', 'in_progress') as may_run
    from tasker.step_readiness(p_tasks, p_now) r
      join tasker.task t on t.lane = tasker.lane_of(r.task_id) and t.task_id = r.task_id
      join tasker.step s on s.lane = t.lane and s.task_id = r.task_id and s.ord = (r.workflow_step_id % 16384)::int),
  moved as (
    update tasker.step s set
      pending_parents = r.pending_parents,
      state = case when s.state not in ('pending', 'ready') then s.state
                   when r.may_run then 'ready' else 'pending' end::tasker.step_state,
      run_at = case when s.state = 'pending' and r.may_run then r.due
                    when s.state = 'ready' and not r.may_run then null else s.run_at end
    from r
    where s.lane = r.lane and s.task_id = r.task_id and s.ord = r.ord
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

CREATE FUNCTION tasker.show_handler(p_namespace text, p_name text, p_version text) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $$
  with v as (
    select * from tasker.handler_version
    where namespace = p_namespace and name = p_name
      and (version = p_version or p_version is null and pre_release is null)
    order by available desc, version_core desc limit 1),
  step as (
    select ts.*, coalesce((select jsonb_agg(p.name order by p.ord) from tasker.template_edge e
                           join tasker.template_step p on p.template_id = e.template_id and p.ord = e.from_ord
                           where e.template_id = ts.template_id and e.to_ord = ts.ord), '[]') as parent_names,
           (select s from jsonb_array_elements(d.definition -> 'step_templates') s where s ->> 'name' = ts.name limit 1) as def
    from v join tasker.template d using (template_id) join tasker.template_step ts on ts.template_id = d.template_id),
  templates as (
    select jsonb_agg(jsonb_build_object(
      'name', name, 'description', description, 'dependent_system', dependent_system,
      'depends_on_step', parent_names -> 0, 'depends_on_steps', parent_names,
      'handler_class', coalesce(def ->> 'handler_class', handler), 'handler', handler,
      'configuration', coalesce(def -> 'handler_config', '{}'), 'default_retryable', retryable,
      'default_retry_limit', retry_limit, 'skippable', skippable,
      'custom_events', coalesce(def -> 'custom_events', '[]')) order by ord) as list from step),
  edge as (
    select f.name as from_name, t.name as to_name, f.ord as from_ord, t.ord as to_ord
    from v join tasker.template_edge e using (template_id)
           join tasker.template_step f on f.template_id = e.template_id and f.ord = e.from_ord
           join tasker.template_step t on t.template_id = e.template_id and t.ord = e.to_ord)
  select jsonb_build_object(
    'id', v.name, 'name', v.name, 'namespace', v.namespace, 'version', v.version,
    'full_name', v.namespace || '.' || v.name || '@' || v.version, 'class_name', d.class_name, 'description', d.description,
    'available', v.available, 'schema', d.context_schema, 'step_templates', templates.list,
    'dependency_graph', jsonb_build_object(
      'nodes', (select jsonb_agg(name order by ord) from step),
      'edges', coalesce((select jsonb_agg(jsonb_build_object('from', from_name, 'to', to_name) order by from_ord, to_ord)
                         from edge), '[]'),
      'execution_order', (select jsonb_agg(name order by ord) from step)))
  from v join tasker.template d using (template_id), templates
$$;

CREATE FUNCTION tasker.show_tasks(p_tasks bigint[]) RETURNS TABLE(task_id bigint, body jsonb)
    LANGUAGE sql STABLE
    AS $$
  select t.task_id, jsonb_build_object('task', tasker.task_head(t) || jsonb_build_object(
    'context', t.context, 'bypass_steps', '[]'::jsonb,
    'task_annotations', coalesce((
      select jsonb_agg(jsonb_build_object('task_id', a.task_id, 'task_annotation_id', a.annotation_no,
                                          'annotation', a.annotation, 'annotation_type_name', y.name)
                       order by a.annotation_no)
      from tasker.annotation a join tasker.annotation_type y using (annotation_type_id)
      where a.lane = t.lane and a.task_id = t.task_id), '[]'),
    'workflow_steps', coalesce((
      select jsonb_agg(jsonb_build_object(
        'workflow_step_id', tasker.workflow_step_id(s.task_id, s.ord), 'task_id', s.task_id, 'ord', s.ord, 'name', ts.name,
        'named_step_id', ts.named_step_id, 'description', ts.description, 'status', tasker.seed_status(s.state), 'detail', s.state,
        'attempts', s.attempts, 'retry_limit', s.retry_limit, 'retryable', s.retryable, 'skippable', ts.skippable,
        'processed', tasker.satisfies_child(s.state), 'in_process', s.state = 'in_progress',
        'processed_at', last.finished_at, 'last_attempted_at', h.last_finished_at,
        'next_retry_at', case when s.state = 'waiting_for_retry' then s.run_at end,
        'backoff_request_seconds', case when s.state = 'waiting_for_retry'
                                        then round(extract(epoch from s.run_at - h.last_finished_at)) end,
        'inputs', t.context, 'results', last.result,
        'last_error', case when s.state in ('error', 'waiting_for_retry') then h.last_error end,
        'depends_on', coalesce(edges.parent_names, '[]'), 'parents_ids', coalesce(edges.parents, '[]'),
        'children_ids', coalesce((select jsonb_agg(tasker.workflow_step_id(s.task_id, c) order by c)
                                  from unnest(s.children) c), '[]'),
        'siblings_ids', coalesce((
          select jsonb_agg(tasker.workflow_step_id(s.task_id, o.ord) order by o.ord) from tasker.template_step o
          where o.template_id = t.template_id and o.ord <> s.ord and o.parents = ts.parents
            and array(select from_ord from tasker.template_edge where template_id = t.template_id and to_ord = o.ord order by 1)
              = array(select from_ord from tasker.template_edge where template_id = t.template_id and to_ord = s.ord order by 1)
          ), '[]'),
        'attempt_history', coalesce(h.history, '[]')) order by s.ord)
      from tasker.step s
        join tasker.template_step ts on ts.template_id = t.template_id and ts.ord = s.ord
        left join tasker.attempt last on last.lane = s.lane and last.task_id = s.task_id and last.ord = s.ord
                                     and last.claim_no = s.claim_no and last.outcome = 'ok'
        cross join lateral (
          select jsonb_agg(jsonb_build_object(
                   'attempt', a.attempt, 'claim_no', a.claim_no, 'outcome', a.outcome, 'code', a.error_code,
                   'message', a.message, 'error', case when a.outcome <> 'ok' then a.result end,
                   'claimed_at', a.claimed_at, 'started_at', a.started_at, 'finished_at', a.finished_at,
                   'next_run_at', a.run_at, 'duration_ms', round(extract(epoch from a.finished_at - a.started_at) * 1000, 3),
                   'host_id', a.host_id, 'plugin_version', p.version) order by a.claim_no) as history,
                 max(a.finished_at) as last_finished_at,
                 (array_agg(jsonb_build_object('code', a.error_code, 'message', a.message) order by a.claim_no desc)
                    filter (where a.outcome <> 'ok'))[1] as last_error
          from tasker.attempt a join tasker.plugin p using (plugin_id)
          where a.lane = s.lane and a.task_id = s.task_id and a.ord = s.ord) h
        cross join lateral (
          select jsonb_agg(tasker.workflow_step_id(s.task_id, e.from_ord) order by e.from_ord) as parents,
                 jsonb_agg(pt.name order by e.from_ord) as parent_names
          from tasker.template_edge e join tasker.template_step pt on pt.template_id = e.template_id and pt.ord = e.from_ord
          where e.template_id = t.template_id and e.to_ord = s.ord) edges
      where s.lane = t.lane and s.task_id = t.task_id), '[]')))
  from unnest(p_tasks) u(id) join tasker.task t on t.lane = tasker.lane_of(u.id) and t.task_id = u.id
$$;

CREATE FUNCTION tasker.step_inputs(p_tasks bigint[], p_ords integer[]) RETURNS TABLE(task_id bigint, ord integer, template_id integer, revision integer, context jsonb, correlation_id text, parent_ords integer[], parent_results text[], checkpoint jsonb)
    LANGUAGE sql STABLE
    AS $$
  select t.task_id, u.o, t.template_id, t.revision, t.context, t.correlation_id, p.ords, p.results, c.checkpoint
  from unnest(p_tasks, p_ords) u(t, o)
    join tasker.task t on t.lane = tasker.lane_of(u.t) and t.task_id = u.t
    cross join lateral (
      select array_agg(e.from_ord order by e.from_ord) as ords,
             array_agg(coalesce(a.result::text, 'null') order by e.from_ord) as results
      from (select e.from_ord from tasker.template_edge e where e.template_id = t.template_id and e.to_ord = u.o
            union all
            select e.from_ord from tasker.step_edge e
            where e.lane = tasker.lane_of(u.t) and e.task_id = u.t and e.to_ord = u.o) e
        join tasker.step ps on ps.lane = tasker.lane_of(u.t) and ps.task_id = u.t and ps.ord = e.from_ord
        left join tasker.attempt a on a.lane = tasker.lane_of(u.t) and a.task_id = u.t and a.ord = e.from_ord
                                  and a.claim_no = ps.claim_no and a.outcome = 'ok') p
    left join lateral (
      select a.checkpoint from tasker.attempt a
      where a.lane = tasker.lane_of(u.t) and a.task_id = u.t and a.ord = u.o
      order by a.claim_no desc limit 1) c on true
$$;

CREATE FUNCTION tasker.step_readiness(p_tasks bigint[], p_now timestamp with time zone DEFAULT clock_timestamp()) RETURNS TABLE(workflow_step_id bigint, task_id bigint, named_step_id integer, name text, current_state text, dependencies_satisfied boolean, retry_eligible boolean, ready_for_execution boolean, last_failure_at timestamp with time zone, next_retry_at timestamp with time zone, total_parents integer, completed_parents integer, attempts integer, retry_limit integer, backoff_request_seconds integer, last_attempted_at timestamp with time zone)
    LANGUAGE sql STABLE
    AS $$
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

CREATE FUNCTION tasker.submit_tasks(p_host integer, p_tasks bigint[], p_templates integer[], p_contexts jsonb[], p_initiators text[], p_source_systems text[], p_reasons text[], p_tags jsonb[], p_correlation_ids text[], p_start_ats timestamp with time zone[], p_priorities integer[], p_room integer, p_plugins integer[], p_now timestamp with time zone) RETURNS TABLE(task_id bigint, ord integer, claim_no integer, attempt integer, retry_limit integer, revision integer, template_id integer, plugin_id integer)
    LANGUAGE plpgsql
    AS $$
#variable_conflict use_column
begin
  perform from tasker.host where host_id = p_host and alive for key share;
  if not found then
    raise exception using errcode = 'TK001', message = format('host %s was declared dead', p_host);
  end if;

  if exists (select from tasker.task t where t.lane = tasker.lane_of(p_tasks[1]) and t.task_id = p_tasks[1]) then
    return query
    select s.task_id, s.ord, s.claim_no, s.attempts + 1, s.retry_limit::int, t.revision, t.template_id, s.plugin_id
    from unnest(p_tasks) u(t)
      join tasker.task t on t.lane = tasker.lane_of(u.t) and t.task_id = u.t
      join tasker.step s on s.lane = t.lane and s.task_id = u.t
    where s.state = 'in_progress' and s.host_id = p_host
    union all
    select 0, 0, 0, 0, 0, 0, 0, 0;                          -- whether something waits is not known any more
    return;
  end if;

  return query
  with u as (
    select tasker.lane_of(t) as lane, u.*, coalesce(start_at, p_now) > p_now as later
    from unnest(p_tasks, p_templates, p_contexts, p_initiators, p_source_systems, p_reasons, p_tags, p_correlation_ids,
                p_start_ats, p_priorities)
         u(t, template_id, context, initiator, source_system, reason, tags, correlation_id, start_at, priority)),
  new_step as (
    select u.lane, u.t, u.template_id, coalesce(u.priority, 5)::smallint as priority, u.start_at, ts.ord, ts.parents,
           ts.children, ts.plugin_id, ts.retryable, ts.retry_limit,
           case when ts.parents > 0 then 'pending'
                when not u.later and ts.plugin_id = any (p_plugins)
                 and count(*) filter (where ts.parents = 0 and not u.later and ts.plugin_id = any (p_plugins))
                     over (order by u.t, ts.ord) <= p_room then 'in_progress'
                else 'ready' end::tasker.step_state as state
    from u join tasker.template_step ts on ts.template_id = u.template_id),
  tasks as (
    insert into tasker.task (lane, task_id, template_id, state, open_sinks, created_at, start_at, priority, context, tags,
                             initiator, source_system, reason, correlation_id)
    select u.lane, t, template_id,
           case when exists (select from new_step n where n.t = u.t and n.state = 'in_progress')
                then 'in_progress' else 'pending' end::tasker.task_state,
           (select sinks from tasker.template where template_id = u.template_id), p_now, start_at, coalesce(priority, 5),
           coalesce(context, '{}'), coalesce(tags, '[]'), coalesce(initiator, 'unknown'),
           coalesce(source_system, 'unknown'), coalesce(reason, 'unknown'), correlation_id
    from u order by t),
  steps as (
    insert into tasker.step (lane, task_id, ord, state, pending_parents, children, plugin_id, retryable, retry_limit, claim_no,
                             host_id, claimed_at, run_at)
    select lane, t, ord, state, parents, children, plugin_id, retryable, retry_limit, (state = 'in_progress')::int,
           case when state = 'in_progress' then p_host end, case when state = 'in_progress' then p_now end,
           case when state = 'ready' then coalesce(start_at, p_now) end
    from new_step order by t, ord),
  queued as (
    insert into tasker.ready_step (lane, plugin_id, priority, run_at, task_id, ord)
    select lane, plugin_id, priority, coalesce(start_at, p_now), t, ord from new_step
    where state = 'ready' and coalesce(start_at, p_now) <= p_now),
  delayed as (
    insert into tasker.delayed_step (lane, plugin_id, priority, run_at, task_id, ord)
    select lane, plugin_id, priority, start_at, t, ord from new_step where state = 'ready' and start_at > p_now)
  select t, ord, 1, 1, retry_limit::int, 0, template_id, plugin_id from new_step where state = 'in_progress'
  union all
  select 0, 0, 0, 0, 0, 0, 0, 0 where exists (select from new_step n where n.state = 'ready');
end $$;

CREATE FUNCTION tasker.system_health_counts(p_now timestamp with time zone DEFAULT clock_timestamp()) RETURNS TABLE(total_tasks bigint, pending_tasks bigint, in_progress_tasks bigint, complete_tasks bigint, error_tasks bigint, cancelled_tasks bigint, total_steps bigint, pending_steps bigint, in_progress_steps bigint, complete_steps bigint, error_steps bigint, retryable_error_steps bigint, exhausted_retry_steps bigint, in_backoff_steps bigint, active_connections bigint, max_connections bigint)
    LANGUAGE sql STABLE
    AS $$
  with t as (select state, count(*) as n from tasker.task group by state),
  s as (select state, count(*) as n, count(*) filter (where run_at > p_now) as later from tasker.step group by state)
  select (select coalesce(sum(n), 0)::bigint from t),
         (select coalesce(sum(n), 0)::bigint from t where tasker.seed_status(state) = 'pending'),
         (select coalesce(sum(n), 0)::bigint from t where state = 'in_progress'),
         (select coalesce(sum(n), 0)::bigint from t where state in ('complete', 'resolved_manually')),
         (select coalesce(sum(n), 0)::bigint from t where state = 'error'),
         (select coalesce(sum(n), 0)::bigint from t where state = 'cancelled'),
         (select coalesce(sum(n), 0)::bigint from s),
         (select coalesce(sum(n), 0)::bigint from s where tasker.seed_status(state) = 'pending'),
         (select coalesce(sum(n), 0)::bigint from s where state = 'in_progress'),
         (select coalesce(sum(n), 0)::bigint from s where tasker.satisfies_child(state)),
         (select coalesce(sum(n), 0)::bigint from s where state in ('error', 'waiting_for_retry')),
         (select coalesce(sum(n), 0)::bigint from s where state = 'waiting_for_retry'),
         (select coalesce(sum(n), 0)::bigint from s where state = 'error'),
         (select coalesce(sum(later), 0)::bigint from s where state = 'waiting_for_retry'),
         (select count(*) from pg_stat_activity where datname = current_database() and state = 'active'),
         (select setting::bigint from pg_settings where name = 'max_connections')
$$;

CREATE FUNCTION tasker.take_task_blocks(p_count integer) RETURNS TABLE(block bigint, partitioned_below bigint)
    LANGUAGE plpgsql
    AS $$
declare
  v_blocks bigint[];
  v_size   bigint := (select partition_tasks from tasker.setting);
begin
  select array_agg(nextval('tasker.task_block')) into v_blocks from generate_series(1, p_count);
  -- The next partition stands ready when half of the current one is used.
  return query select b, tasker.ensure_partitions(v_blocks[1] * 64, greatest(v_size / 2, p_count * 64))
               from unnest(v_blocks) b;
end $$;

CREATE FUNCTION tasker.task_execution_context(p_tasks bigint[], p_now timestamp with time zone DEFAULT clock_timestamp()) RETURNS TABLE(task_id bigint, named_task_id integer, status text, total_steps integer, pending_steps integer, in_progress_steps integer, completed_steps integer, failed_steps integer, ready_steps integer, execution_status text, recommended_action text, completion_percentage numeric, health_status text)
    LANGUAGE sql STABLE
    AS $$
  with counted as (
    select r.task_id, count(*)::int as total,
           count(*) filter (where current_state in ('pending', 'ready', 'waiting_for_event'))::int as pending,
           count(*) filter (where current_state = 'in_progress')::int as in_progress,
           count(*) filter (where current_state in ('complete', 'skipped', 'resolved_manually'))::int as completed,
           count(*) filter (where current_state in ('error', 'waiting_for_retry'))::int as failed,
           count(*) filter (where current_state in ('waiting_for_retry', 'waiting_for_event'))::int as waiting,
           count(*) filter (where current_state = 'error')::int as exhausted,
           count(*) filter (where ready_for_execution)::int as ready
    from tasker.step_readiness(p_tasks, p_now) r group by r.task_id),
  judged as (
    select *, case when ready > 0 then 'has_ready_steps'
                   when in_progress > 0 then 'processing'
                   when exhausted > 0 and waiting = 0 then 'blocked_by_failures'
                   when total > 0 and completed = total then 'all_complete'
                   else 'waiting_for_dependencies' end as execution_status
    from counted)
  select j.task_id, t.template_id, tasker.seed_status(t.state), total, pending, in_progress, completed, j.failed, ready,
         execution_status,
         case execution_status when 'has_ready_steps' then 'execute_ready_steps' when 'processing' then 'wait_for_completion'
              when 'blocked_by_failures' then 'handle_failures' when 'all_complete' then 'finalize_task'
              else 'wait_for_dependencies' end,
         case when total = 0 then 0 else round(completed * 100.0 / total, 2) end,
         case when j.failed = 0 then 'healthy'
              when ready > 0 then 'recovering'
              when exhausted > 0 then 'blocked'
              else 'recovering' end
  from judged j join tasker.task t on t.lane = tasker.lane_of(j.task_id) and t.task_id = j.task_id
  order by j.task_id
$$;

CREATE TABLE tasker.task (
    task_id bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    start_at timestamp with time zone,
    template_id integer NOT NULL,
    open_sinks integer NOT NULL,
    revision integer DEFAULT 0 NOT NULL,
    state tasker.task_state NOT NULL,
    lane smallint NOT NULL,
    priority smallint DEFAULT 5 NOT NULL,
    failed boolean DEFAULT false NOT NULL,
    context jsonb NOT NULL,
    tags jsonb DEFAULT '[]'::jsonb NOT NULL,
    initiator text DEFAULT 'unknown'::text NOT NULL,
    source_system text DEFAULT 'unknown'::text NOT NULL,
    reason text DEFAULT 'unknown'::text NOT NULL,
    correlation_id text
)
PARTITION BY RANGE (task_id);

CREATE FUNCTION tasker.task_head(t tasker.task) RETURNS jsonb
    LANGUAGE sql STABLE
    AS $$
  select jsonb_build_object(
    'task_id', t.task_id, 'name', d.name, 'namespace', n.name, 'version', d.version,
    'full_name', n.name || '.' || d.name || '@' || d.version, 'plugin_version', p.version,
    'status', tasker.seed_status(t.state), 'detail', t.state, 'complete', t.state = 'complete', 'priority', t.priority,
    'initiator', t.initiator, 'source_system', t.source_system, 'reason', t.reason, 'tags', t.tags,
    'correlation_id', t.correlation_id, 'requested_at', t.created_at, 'created_at', t.created_at, 'start_at', t.start_at,
    'finished_at', t.finished_at)
  from tasker.template d join tasker.namespace n using (namespace_id) join tasker.plugin p on p.plugin_id = d.plugin_id
  where d.template_id = t.template_id
$$;

CREATE FUNCTION tasker.unqueue_tasks(p_tasks bigint[]) RETURNS void
    LANGUAGE sql
    AS $$
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

CREATE FUNCTION tasker.workflow_step_id(p_task bigint, p_ord integer) RETURNS bigint
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN ((p_task * 16384) + p_ord);

CREATE TABLE tasker.annotation (
    task_id bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    annotation_no integer NOT NULL,
    annotation_type_id integer NOT NULL,
    lane smallint NOT NULL,
    annotation jsonb NOT NULL
)
PARTITION BY RANGE (task_id);

CREATE TABLE tasker.annotation_0 (
    task_id bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    annotation_no integer NOT NULL,
    annotation_type_id integer NOT NULL,
    lane smallint NOT NULL,
    annotation jsonb NOT NULL
);

CREATE TABLE tasker.annotation_type (
    annotation_type_id integer NOT NULL,
    name text NOT NULL,
    description text DEFAULT ''::text NOT NULL
);

ALTER TABLE tasker.annotation_type ALTER COLUMN annotation_type_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME tasker.annotation_type_annotation_type_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE tasker.applied_function (
    name text NOT NULL,
    digest text NOT NULL,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE tasker.attempt (
    task_id bigint NOT NULL,
    claimed_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone NOT NULL,
    run_at timestamp with time zone,
    ord integer NOT NULL,
    claim_no integer NOT NULL,
    host_id integer NOT NULL,
    plugin_id integer NOT NULL,
    outcome tasker.attempt_outcome NOT NULL,
    lane smallint NOT NULL,
    attempt smallint NOT NULL,
    error_code text,
    message text,
    result jsonb,
    checkpoint jsonb
)
PARTITION BY RANGE (task_id);

CREATE TABLE tasker.attempt_0 (
    task_id bigint NOT NULL,
    claimed_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone NOT NULL,
    run_at timestamp with time zone,
    ord integer NOT NULL,
    claim_no integer NOT NULL,
    host_id integer NOT NULL,
    plugin_id integer NOT NULL,
    outcome tasker.attempt_outcome NOT NULL,
    lane smallint NOT NULL,
    attempt smallint NOT NULL,
    error_code text,
    message text,
    result jsonb,
    checkpoint jsonb
);

CREATE TABLE tasker.delayed_step (
    run_at timestamp with time zone NOT NULL,
    task_id bigint NOT NULL,
    ord integer NOT NULL,
    plugin_id integer NOT NULL,
    lane smallint NOT NULL,
    priority smallint NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='5000', autovacuum_vacuum_insert_threshold='-1', autovacuum_vacuum_cost_delay='0');

CREATE TABLE tasker.dependent_system (
    dependent_system_id integer NOT NULL,
    name text NOT NULL,
    description text DEFAULT ''::text NOT NULL
);

ALTER TABLE tasker.dependent_system ALTER COLUMN dependent_system_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME tasker.dependent_system_dependent_system_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE tasker.host (
    host_id integer NOT NULL,
    boot_id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    version text NOT NULL,
    process text DEFAULT ''::text NOT NULL,
    alive boolean DEFAULT true NOT NULL,
    released boolean DEFAULT false NOT NULL,
    heartbeat bigint DEFAULT 0 NOT NULL,
    registered_at timestamp with time zone DEFAULT now() NOT NULL,
    seen_at timestamp with time zone DEFAULT now() NOT NULL
)
WITH (fillfactor='50');

CREATE TABLE tasker.host_plugin (
    host_id integer NOT NULL,
    plugin_id integer NOT NULL
);

CREATE TABLE tasker.namespace (
    namespace_id integer NOT NULL,
    name text NOT NULL,
    description text DEFAULT ''::text NOT NULL
);

CREATE TABLE tasker.template (
    template_id integer NOT NULL,
    namespace_id integer NOT NULL,
    name text NOT NULL,
    version text NOT NULL,
    version_core integer[] NOT NULL,
    pre_release text,
    description text DEFAULT ''::text NOT NULL,
    class_name text DEFAULT ''::text NOT NULL,
    plugin_id integer NOT NULL,
    digest text NOT NULL,
    definition jsonb NOT NULL,
    context_schema jsonb,
    sinks integer NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE VIEW tasker.handler_version AS
 SELECT n.name AS namespace,
    d.name,
    d.version,
    d.version_core,
    d.pre_release,
    d.template_id,
    d.plugin_id,
    (EXISTS ( SELECT
           FROM (tasker.host_plugin hp
             JOIN tasker.host h USING (host_id))
          WHERE ((hp.plugin_id = d.plugin_id) AND h.alive))) AS available
   FROM (tasker.template d
     JOIN tasker.namespace n USING (namespace_id));

ALTER TABLE tasker.host ALTER COLUMN host_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME tasker.host_host_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE tasker.journal (
    journal_id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    kind text NOT NULL,
    task_id bigint,
    ord integer,
    host_id integer,
    principal text,
    reason text,
    data jsonb DEFAULT '{}'::jsonb NOT NULL
);

ALTER TABLE tasker.journal ALTER COLUMN journal_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME tasker.journal_journal_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE tasker.migration (
    number integer NOT NULL,
    name text NOT NULL,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    breaking boolean DEFAULT false NOT NULL
);

ALTER TABLE tasker.namespace ALTER COLUMN namespace_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME tasker.namespace_namespace_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE tasker.object_map (
    object_map_id bigint NOT NULL,
    system_one integer NOT NULL,
    system_two integer NOT NULL,
    remote_id_one text NOT NULL,
    remote_id_two text NOT NULL,
    CONSTRAINT object_map_check CHECK ((system_one <= system_two))
);

ALTER TABLE tasker.object_map ALTER COLUMN object_map_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME tasker.object_map_object_map_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE tasker.plugin (
    plugin_id integer NOT NULL,
    namespace text NOT NULL,
    name text NOT NULL,
    version text NOT NULL,
    sha256 text NOT NULL,
    state text NOT NULL,
    code text,
    reason text,
    changed_at timestamp with time zone DEFAULT now() NOT NULL
);

ALTER TABLE tasker.plugin ALTER COLUMN plugin_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME tasker.plugin_plugin_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE tasker.ready_step (
    lane smallint NOT NULL,
    plugin_id integer NOT NULL,
    priority smallint NOT NULL,
    run_at timestamp with time zone NOT NULL,
    task_id bigint NOT NULL,
    ord integer NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='5000', autovacuum_vacuum_insert_threshold='-1', autovacuum_vacuum_cost_delay='0');

CREATE TABLE tasker.setting (
    only_row boolean DEFAULT true NOT NULL,
    partition_tasks bigint DEFAULT 4194304 NOT NULL,
    installation text DEFAULT substr(md5(((random())::text || (clock_timestamp())::text)), 1, 8) NOT NULL,
    lost_limit smallint DEFAULT 5 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    CONSTRAINT setting_only_row_check CHECK (only_row)
);

CREATE TABLE tasker.step (
    task_id bigint NOT NULL,
    claimed_at timestamp with time zone,
    run_at timestamp with time zone,
    ord integer NOT NULL,
    pending_parents integer NOT NULL,
    claim_no integer DEFAULT 0 NOT NULL,
    host_id integer,
    plugin_id integer NOT NULL,
    state tasker.step_state NOT NULL,
    lane smallint NOT NULL,
    attempts smallint DEFAULT 0 NOT NULL,
    retry_limit smallint NOT NULL,
    lost smallint DEFAULT 0 NOT NULL,
    retryable boolean NOT NULL,
    children integer[]
)
PARTITION BY RANGE (task_id);

CREATE TABLE tasker.step_0 (
    task_id bigint NOT NULL,
    claimed_at timestamp with time zone,
    run_at timestamp with time zone,
    ord integer NOT NULL,
    pending_parents integer NOT NULL,
    claim_no integer DEFAULT 0 NOT NULL,
    host_id integer,
    plugin_id integer NOT NULL,
    state tasker.step_state NOT NULL,
    lane smallint NOT NULL,
    attempts smallint DEFAULT 0 NOT NULL,
    retry_limit smallint NOT NULL,
    lost smallint DEFAULT 0 NOT NULL,
    retryable boolean NOT NULL,
    children integer[]
)
WITH (fillfactor='50', autovacuum_vacuum_scale_factor='0.1');

CREATE TABLE tasker.step_edge (
    task_id bigint NOT NULL,
    from_ord integer NOT NULL,
    to_ord integer NOT NULL,
    lane smallint NOT NULL
)
PARTITION BY RANGE (task_id);

CREATE TABLE tasker.step_edge_0 (
    task_id bigint NOT NULL,
    from_ord integer NOT NULL,
    to_ord integer NOT NULL,
    lane smallint NOT NULL
);

CREATE VIEW tasker.step_transition AS
 SELECT a.task_id,
    a.ord,
    a.claim_no,
    a.claimed_at AS at,
    'in_progress'::tasker.step_state AS to_state,
    a.host_id,
    NULL::text AS error_code
   FROM tasker.attempt a
UNION ALL
 SELECT a.task_id,
    a.ord,
    a.claim_no,
    a.finished_at AS at,
    (
        CASE
            WHEN (a.outcome = 'ok'::tasker.attempt_outcome) THEN 'complete'::text
            WHEN (a.run_at IS NOT NULL) THEN 'waiting_for_retry'::text
            WHEN (a.outcome = 'cancelled'::tasker.attempt_outcome) THEN 'cancelled'::text
            WHEN ((a.outcome = 'lost'::tasker.attempt_outcome) AND (a.error_code IS NULL)) THEN 'ready'::text
            ELSE 'error'::text
        END)::tasker.step_state AS to_state,
    a.host_id,
    a.error_code
   FROM tasker.attempt a;

CREATE TABLE tasker.task_0 (
    task_id bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    start_at timestamp with time zone,
    template_id integer NOT NULL,
    open_sinks integer NOT NULL,
    revision integer DEFAULT 0 NOT NULL,
    state tasker.task_state NOT NULL,
    lane smallint NOT NULL,
    priority smallint DEFAULT 5 NOT NULL,
    failed boolean DEFAULT false NOT NULL,
    context jsonb NOT NULL,
    tags jsonb DEFAULT '[]'::jsonb NOT NULL,
    initiator text DEFAULT 'unknown'::text NOT NULL,
    source_system text DEFAULT 'unknown'::text NOT NULL,
    reason text DEFAULT 'unknown'::text NOT NULL,
    correlation_id text
)
WITH (fillfactor='80');

CREATE SEQUENCE tasker.task_block
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE TABLE tasker.template_edge (
    template_id integer NOT NULL,
    from_ord integer NOT NULL,
    to_ord integer NOT NULL
);

CREATE TABLE tasker.template_step (
    template_id integer NOT NULL,
    ord integer NOT NULL,
    named_step_id integer NOT NULL,
    name text NOT NULL,
    handler text NOT NULL,
    parents integer NOT NULL,
    children integer[],
    plugin_id integer NOT NULL,
    retryable boolean NOT NULL,
    retry_limit smallint NOT NULL,
    skippable boolean DEFAULT false NOT NULL,
    dependent_system text,
    description text DEFAULT ''::text NOT NULL,
    CONSTRAINT template_step_ord_check CHECK (((ord >= 1) AND (ord <= 16383)))
);

ALTER TABLE tasker.template_step ALTER COLUMN named_step_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME tasker.template_step_named_step_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE tasker.template ALTER COLUMN template_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME tasker.template_template_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE ONLY tasker.annotation ATTACH PARTITION tasker.annotation_0 FOR VALUES FROM ('0') TO ('4194304');

ALTER TABLE ONLY tasker.attempt ATTACH PARTITION tasker.attempt_0 FOR VALUES FROM ('0') TO ('4194304');

ALTER TABLE ONLY tasker.step ATTACH PARTITION tasker.step_0 FOR VALUES FROM ('0') TO ('4194304');

ALTER TABLE ONLY tasker.step_edge ATTACH PARTITION tasker.step_edge_0 FOR VALUES FROM ('0') TO ('4194304');

ALTER TABLE ONLY tasker.task ATTACH PARTITION tasker.task_0 FOR VALUES FROM ('0') TO ('4194304');

ALTER TABLE ONLY tasker.annotation
    ADD CONSTRAINT annotation_pkey PRIMARY KEY (lane, task_id, annotation_no);

ALTER TABLE ONLY tasker.annotation_0
    ADD CONSTRAINT annotation_0_pkey PRIMARY KEY (lane, task_id, annotation_no);

ALTER TABLE ONLY tasker.annotation_type
    ADD CONSTRAINT annotation_type_name_key UNIQUE (name);

ALTER TABLE ONLY tasker.annotation_type
    ADD CONSTRAINT annotation_type_pkey PRIMARY KEY (annotation_type_id);

ALTER TABLE ONLY tasker.applied_function
    ADD CONSTRAINT applied_function_pkey PRIMARY KEY (name);

ALTER TABLE ONLY tasker.attempt
    ADD CONSTRAINT attempt_pkey PRIMARY KEY (lane, task_id, ord, claim_no);

ALTER TABLE ONLY tasker.attempt_0
    ADD CONSTRAINT attempt_0_pkey PRIMARY KEY (lane, task_id, ord, claim_no);

ALTER TABLE ONLY tasker.delayed_step
    ADD CONSTRAINT delayed_step_pkey PRIMARY KEY (lane, run_at, task_id, ord);

ALTER TABLE ONLY tasker.dependent_system
    ADD CONSTRAINT dependent_system_name_key UNIQUE (name);

ALTER TABLE ONLY tasker.dependent_system
    ADD CONSTRAINT dependent_system_pkey PRIMARY KEY (dependent_system_id);

ALTER TABLE ONLY tasker.host
    ADD CONSTRAINT host_pkey PRIMARY KEY (host_id);

ALTER TABLE ONLY tasker.host_plugin
    ADD CONSTRAINT host_plugin_pkey PRIMARY KEY (host_id, plugin_id);

ALTER TABLE ONLY tasker.journal
    ADD CONSTRAINT journal_pkey PRIMARY KEY (journal_id);

ALTER TABLE ONLY tasker.migration
    ADD CONSTRAINT migration_pkey PRIMARY KEY (number);

ALTER TABLE ONLY tasker.namespace
    ADD CONSTRAINT namespace_name_key UNIQUE (name);

ALTER TABLE ONLY tasker.namespace
    ADD CONSTRAINT namespace_pkey PRIMARY KEY (namespace_id);

ALTER TABLE ONLY tasker.object_map
    ADD CONSTRAINT object_map_pkey PRIMARY KEY (object_map_id);

ALTER TABLE ONLY tasker.object_map
    ADD CONSTRAINT object_map_system_one_system_two_remote_id_one_remote_id_tw_key UNIQUE (system_one, system_two, remote_id_one, remote_id_two);

ALTER TABLE ONLY tasker.plugin
    ADD CONSTRAINT plugin_namespace_name_version_key UNIQUE (namespace, name, version);

ALTER TABLE ONLY tasker.plugin
    ADD CONSTRAINT plugin_pkey PRIMARY KEY (plugin_id);

ALTER TABLE ONLY tasker.ready_step
    ADD CONSTRAINT ready_step_pkey PRIMARY KEY (lane, plugin_id, priority, run_at, task_id, ord);

ALTER TABLE ONLY tasker.setting
    ADD CONSTRAINT setting_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY tasker.step
    ADD CONSTRAINT step_pkey PRIMARY KEY (lane, task_id, ord);

ALTER TABLE ONLY tasker.step_0
    ADD CONSTRAINT step_0_pkey PRIMARY KEY (lane, task_id, ord);

ALTER TABLE ONLY tasker.step_edge
    ADD CONSTRAINT step_edge_pkey PRIMARY KEY (lane, task_id, to_ord, from_ord);

ALTER TABLE ONLY tasker.step_edge_0
    ADD CONSTRAINT step_edge_0_pkey PRIMARY KEY (lane, task_id, to_ord, from_ord);

ALTER TABLE ONLY tasker.task
    ADD CONSTRAINT task_pkey PRIMARY KEY (lane, task_id);

ALTER TABLE ONLY tasker.task_0
    ADD CONSTRAINT task_0_pkey PRIMARY KEY (lane, task_id);

ALTER TABLE ONLY tasker.template_edge
    ADD CONSTRAINT template_edge_pkey PRIMARY KEY (template_id, to_ord, from_ord);

ALTER TABLE ONLY tasker.template
    ADD CONSTRAINT template_namespace_id_name_version_key UNIQUE (namespace_id, name, version);

ALTER TABLE ONLY tasker.template
    ADD CONSTRAINT template_pkey PRIMARY KEY (template_id);

ALTER TABLE ONLY tasker.template_step
    ADD CONSTRAINT template_step_named_step_id_key UNIQUE (named_step_id);

ALTER TABLE ONLY tasker.template_step
    ADD CONSTRAINT template_step_pkey PRIMARY KEY (template_id, ord);

ALTER TABLE ONLY tasker.template_step
    ADD CONSTRAINT template_step_template_id_name_key UNIQUE (template_id, name);

CREATE INDEX journal_by_task ON tasker.journal USING btree (task_id, journal_id) WHERE (task_id IS NOT NULL);

CREATE INDEX task_open ON ONLY tasker.task USING btree (lane, task_id) WHERE (finished_at IS NULL);

CREATE INDEX task_0_lane_task_id_idx ON tasker.task_0 USING btree (lane, task_id) WHERE (finished_at IS NULL);

CREATE INDEX task_ending ON ONLY tasker.task USING btree (lane, task_id) WHERE ((finished_at IS NULL) AND (failed OR (state = 'cancelled'::tasker.task_state)));

CREATE INDEX task_0_lane_task_id_idx1 ON tasker.task_0 USING btree (lane, task_id) WHERE ((finished_at IS NULL) AND (failed OR (state = 'cancelled'::tasker.task_state)));

ALTER INDEX tasker.annotation_pkey ATTACH PARTITION tasker.annotation_0_pkey;

ALTER INDEX tasker.attempt_pkey ATTACH PARTITION tasker.attempt_0_pkey;

ALTER INDEX tasker.step_pkey ATTACH PARTITION tasker.step_0_pkey;

ALTER INDEX tasker.step_edge_pkey ATTACH PARTITION tasker.step_edge_0_pkey;

ALTER INDEX tasker.task_open ATTACH PARTITION tasker.task_0_lane_task_id_idx;

ALTER INDEX tasker.task_ending ATTACH PARTITION tasker.task_0_lane_task_id_idx1;

ALTER INDEX tasker.task_pkey ATTACH PARTITION tasker.task_0_pkey;

ALTER TABLE ONLY tasker.host_plugin
    ADD CONSTRAINT host_plugin_host_id_fkey FOREIGN KEY (host_id) REFERENCES tasker.host(host_id);

ALTER TABLE ONLY tasker.host_plugin
    ADD CONSTRAINT host_plugin_plugin_id_fkey FOREIGN KEY (plugin_id) REFERENCES tasker.plugin(plugin_id);

ALTER TABLE ONLY tasker.object_map
    ADD CONSTRAINT object_map_system_one_fkey FOREIGN KEY (system_one) REFERENCES tasker.dependent_system(dependent_system_id);

ALTER TABLE ONLY tasker.object_map
    ADD CONSTRAINT object_map_system_two_fkey FOREIGN KEY (system_two) REFERENCES tasker.dependent_system(dependent_system_id);

ALTER TABLE ONLY tasker.template_edge
    ADD CONSTRAINT template_edge_template_id_fkey FOREIGN KEY (template_id) REFERENCES tasker.template(template_id);

ALTER TABLE ONLY tasker.template
    ADD CONSTRAINT template_namespace_id_fkey FOREIGN KEY (namespace_id) REFERENCES tasker.namespace(namespace_id);

ALTER TABLE ONLY tasker.template
    ADD CONSTRAINT template_plugin_id_fkey FOREIGN KEY (plugin_id) REFERENCES tasker.plugin(plugin_id);

ALTER TABLE ONLY tasker.template_step
    ADD CONSTRAINT template_step_plugin_id_fkey FOREIGN KEY (plugin_id) REFERENCES tasker.plugin(plugin_id);

ALTER TABLE ONLY tasker.template_step
    ADD CONSTRAINT template_step_template_id_fkey FOREIGN KEY (template_id) REFERENCES tasker.template(template_id);

