-- Records a batch of outcomes and claims the children that became due: one round trip, one commit. The batch is of the lanes
-- of one writer: what sixteen lanes of 30 outcomes each cost in calls (0.5 ms apiece) and commits is paid once.
--
-- Two parts. First the outcomes are written, guarded by the fence (state, host, claim_no). Then, in a fresh snapshot
-- that sees every cancel and pause committed meanwhile, counters go down and only `pending` children of tasks that may
-- run are claimed. In one statement a child was claimed after a committed cancel.
--
-- Locks: host, then steps by (task_id, ord), then tasks; the caller sorts its arrays. An outcome that may end its task
-- first locks all unfinished steps of that task, so that two hosts ending the last two steps see each other.
-- Planning: lo, hi and the range on c prune partitions when the executor starts and let the planner expect one row, so
-- that it looks keys up one by one even when planned on an empty table (a hash join reads the whole range: 3 times slower).
-- For the same reason the lane comes from the batch's rows: with a constant lane the range alone looks like a good index
-- scan, and every row of it was joined with every row of the batch (30 ms instead of 3 for 100 steps).
--
-- Repeating a call with the same fences gives the same answer: children claimed by them are returned again.
-- p_events: [{"task_id", "ord", "events": [{"name", "payload"}]}], written to the journal with the outcomes.
-- kind: c claimed, s stale fence, d task complete, e task ended otherwise, q children were queued, r next retry due
-- (claim_no: milliseconds from now).
create or replace function tasker.complete_steps(
  p_host int, p_tasks bigint[], p_ords int[], p_claims int[], p_outcomes tasker.attempt_outcome[],
  p_results jsonb[], p_codes text[], p_messages text[], p_delays_ms bigint[], p_ran_us bigint[], p_ended_us bigint[],
  p_checkpoints jsonb[], p_events jsonb, p_room int, p_plugins int[], p_now timestamptz)
returns table (kind "char", task_id bigint, ord int, claim_no int, attempt int, retry_limit int, revision int,
               template_id int, plugin_id int)
language plpgsql as $$
#variable_conflict use_column
declare
  lo bigint := p_tasks[1];                                 -- sorted
  hi bigint := p_tasks[cardinality(p_tasks)];
  all_ok      boolean := 'ok' = all (p_outcomes);
  failing     bigint[];                                    -- tasks that an outcome of this batch may end
  kid_tasks   bigint[];  kid_ords int[];
  ended       bigint[];                                    -- tasks of sinks, once a sink
  waits       bigint[];  wait_ords int[];                  -- steps that run again later
  doomed      bigint[];                                    -- tasks with a step that failed for good now
  resting     boolean;                                     -- tasks of this batch may have come to rest now
  rec_tasks   bigint[];  rec_ords int[];                   -- what was really written
begin
  perform from tasker.host where host_id = p_host and alive for key share;        -- takeover locks this row first
  if not found then
    raise exception using errcode = 'TK001', message = format('host %s was declared dead', p_host);
  end if;

  if not all_ok then
    select array_agg(distinct u.t) into failing
    from unnest(p_tasks, p_ords, p_claims, p_outcomes) u(t, o, c, k)
      join tasker.step s on s.lane = tasker.lane_of(u.t) and s.task_id = u.t and s.ord = u.o
    where s.task_id between lo and hi and u.k not in ('ok', 'wait')
      and (u.k not in ('retry', 'timed_out') or not s.retryable or s.attempts + 1 >= s.retry_limit);
    if failing is not null then
      perform from (
        select tasker.lane_of(t) as lane, t, o as first, o as last from unnest(p_tasks, p_ords) b(t, o)
        union all
        select tasker.lane_of(t), t, 1, 16383 from unnest(failing) f(t)) u
        join tasker.step s on s.lane = u.lane and s.task_id = u.t and s.ord between u.first and u.last
      where s.task_id between lo and hi and (u.first = u.last or not tasker.is_terminal(s.state))
      order by s.task_id, s.ord for update of s;
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
      state = case when u.k = 'ok' then 'complete'::tasker.step_state             -- typed here: a cast of the whole case
                   when u.k = 'wait' then 'waiting_for_retry'                     -- parses a text for each row (0.3 us)
                   when u.k = 'cancelled' then 'cancelled'
                   when u.k = 'fail' then 'error'
                   when s.retryable and s.attempts + 1 < s.retry_limit then 'waiting_for_retry'
                   else 'error' end,
      attempts = s.attempts + (u.k not in ('wait', 'cancelled'))::int,
      run_at = case when u.k = 'wait'
                      or u.k in ('retry', 'timed_out') and s.retryable and s.attempts + 1 < s.retry_limit
                    then p_now + u.delay_ms * interval '1 ms' end
    from u
    where s.lane = u.lane and s.task_id = u.t and s.ord = u.o and s.task_id between lo and hi
      and s.state = 'in_progress' and s.host_id = p_host and s.claim_no = u.c       -- the fence
    returning s.lane, s.task_id, s.ord, s.claim_no, s.children, s.claimed_at, s.plugin_id, s.attempts, s.state,
              s.run_at, u.k, u.result, u.code, u.message, u.ran_us, u.ended_us, u.checkpoint),
  logged as (
    insert into tasker.attempt (lane, task_id, ord, claim_no, host_id, plugin_id, outcome, attempt, claimed_at, started_at,
                                finished_at, run_at, error_code, message, result, checkpoint)
    select lane, task_id, ord, claim_no, p_host, plugin_id, k, attempts + (k in ('wait', 'cancelled'))::int, claimed_at,
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
        left join tasker.attempt a on a.lane = tasker.lane_of(u.t) and a.task_id = u.t and a.ord = u.o and a.claim_no = u.c
                                  and a.host_id = p_host and a.outcome <> 'lost' and a.task_id between lo and hi
      where t between lo and hi and o between 1 and 16383)
    select 's'::"char", t, o, c, 0, 0, 0, 0, 0 from u where not repeated
    union all
    select distinct 'c'::"char", k.task_id, k.ord, k.claim_no, k.attempts + 1, k.retry_limit::int, t.revision,
           t.template_id, k.plugin_id
    from u join tasker.step s on s.lane = tasker.lane_of(u.t) and s.task_id = u.t and s.ord = u.o and s.task_id between lo and hi
           join tasker.step k on k.lane = s.lane and k.task_id = u.t and k.ord = any (s.children)
                             and k.task_id between lo and hi
           join tasker.task t on t.lane = s.lane and t.task_id = u.t and t.task_id between lo and hi
    where u.repeated and k.state = 'in_progress' and k.host_id = p_host
    union all
    select distinct case t.state when 'complete' then 'd' else 'e' end::"char", t.task_id, 0, 0, 0, 0, 0, 0, 0
    from u join tasker.task t on t.lane = tasker.lane_of(u.t) and t.task_id = u.t and t.task_id between lo and hi
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
    from (select w.* from unnest(waits, wait_ords) w(t, o) cross join lateral (
            select from tasker.task t where t.lane = tasker.lane_of(w.t) and t.task_id = w.t
              and t.task_id between lo and hi and t.state = 'cancelled' offset 0) t
          where w.t between lo and hi offset 0) w                    -- offset 0: claim_steps
    where s.lane = tasker.lane_of(w.t) and s.task_id = w.t and s.ord = w.o and s.task_id between lo and hi;
    insert into tasker.delayed_step (lane, run_at, task_id, ord, plugin_id, priority)
    select s.lane, s.run_at, s.task_id, s.ord, s.plugin_id, w.priority
    from (select w.*, t.priority from unnest(waits, wait_ords) w(t, o) cross join lateral (
            select t.priority from tasker.task t where t.lane = tasker.lane_of(w.t) and t.task_id = w.t
              and t.task_id between lo and hi and t.state in ('pending', 'in_progress') offset 0) t
          where w.t between lo and hi offset 0) w
      join tasker.step s on s.lane = tasker.lane_of(w.t) and s.task_id = w.t and s.ord = w.o and s.task_id between lo and hi;
    return query
    select 'r'::"char", 0::bigint, 0, greatest(0, extract(epoch from min(s.run_at) - p_now) * 1000)::int, 0, 0, 0, 0, 0
    from unnest(waits, wait_ords) w(t, o)
      join tasker.step s on s.lane = tasker.lane_of(w.t) and s.task_id = w.t and s.ord = w.o and s.task_id between lo and hi
    where s.run_at is not null having count(*) > 0;
  end if;

  -- A fresh snapshot: sees cancels and pauses. Those of these tasks that come later wait for the steps written above, so
  -- the children need no lock before they are updated (it cost a tenth of the call); two hosts that end two parents of one
  -- child meet in the update, where the second counts on from what the first left, and they come there in one order: k is sorted
  -- for its window, and its rows look their steps up one by one. Room is given in order to all of the
  -- batch's children, also to those that still wait for another parent: the few that lose by it go to the queue.
  if kid_tasks is not null then
    return query
    with k as (
      select tasker.lane_of(t) as lane, t, c, count(*)::int as n, row_number() over (order by t, c) <= p_room as has_room
      from unnest(kid_tasks, kid_ords) as k(t, c)
      where t between lo and hi and c between 1 and 16383 group by t, c),
    moved as (
      update tasker.step s set
        pending_parents = s.pending_parents - k.n,
        state = case when s.pending_parents > k.n or not k.may_run then 'pending'::tasker.step_state
                     when k.has_room and s.plugin_id = any (p_plugins) then 'in_progress'
                     else 'ready' end,
        host_id = case when s.pending_parents = k.n and k.may_run and k.has_room and s.plugin_id = any (p_plugins) then p_host end,
        claim_no = s.claim_no + (s.pending_parents = k.n and k.may_run and k.has_room and s.plugin_id = any (p_plugins))::int,
        claimed_at = case when s.pending_parents = k.n and k.may_run and k.has_room and s.plugin_id = any (p_plugins) then p_now end,
        run_at = case when s.pending_parents = k.n and k.may_run and not (k.has_room and s.plugin_id = any (p_plugins)) then p_now end
      from (select k.*, t.*
            from k cross join lateral (
              select t.state in ('pending', 'in_progress') as may_run, t.revision, t.template_id, t.priority
              from tasker.task t where t.lane = k.lane and t.task_id = k.t and t.task_id between lo and hi offset 0) t
            offset 0) k                                              -- offset 0: claim_steps
      where s.lane = k.lane and s.task_id = k.t and s.ord = k.c and s.task_id between lo and hi and s.state = 'pending'
      returning s.lane, s.task_id, s.ord, s.claim_no, s.state, s.attempts, s.retry_limit, s.plugin_id, k.revision,
                k.template_id, k.priority),
    queued as (
      insert into tasker.ready_step (lane, plugin_id, priority, run_at, task_id, ord)
      select lane, plugin_id, priority, p_now, task_id, ord from moved where state = 'ready'
      returning 1)
    select case state when 'in_progress' then 'c' else 'q' end::"char", task_id, ord, claim_no,
           attempts + 1, retry_limit::int, revision, template_id, plugin_id
    from moved where state <> 'pending';
  end if;

  -- Tasks that failed or were cancelled end when nothing of them can move any more. All rows that this call may write are then
  -- locked first and in order: of two hosts that end the last two steps, the second sees what the first wrote, and neither
  -- waits for the other while it holds a later task.
  resting := doomed is not null or exists (
    select from tasker.task t where t.task_id between lo and hi and t.finished_at is null and t.ending);   -- index task_ending
  if resting then
    perform from (select distinct tasker.lane_of(x) as lane, x from unnest(p_tasks) x where x between lo and hi order by x offset 0) u
      cross join lateral (
        select from tasker.task t where t.lane = u.lane and t.task_id = u.x and t.task_id between lo and hi for update) t;
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

  if doomed is not null then
    update tasker.task t set failed = true
    from (select tasker.lane_of(x) as lane, x from unnest(doomed) x where x between lo and hi offset 0) u
    where t.lane = u.lane and t.task_id = u.x and t.task_id between lo and hi
      and exists (select from tasker.step s where s.lane = t.lane and s.task_id = t.task_id and s.task_id between lo and hi
                  and (s.state = 'error' or s.state = 'cancelled' and t.state <> 'cancelled'));
  end if;
  if resting then
    -- By place, as in claim_steps: joined freely, the planner entered task by the range alone (all 3,000 that end in it).
    return query
    update tasker.task t set state = case t.state when 'cancelled' then 'cancelled' else 'error' end::tasker.task_state,
      finished_at = p_now
    from (select r.*
          from (select distinct tasker.lane_of(x) as lane, x from unnest(p_tasks) x where x between lo and hi offset 0) u
            cross join lateral (
              select t.ctid as place, t.tableoid as part from tasker.task t
              where t.lane = u.lane and t.task_id = u.x and t.task_id between lo and hi
                and t.finished_at is null and t.ending and t.state <> 'paused' offset 0) r
          offset 0) k
    where t.ctid = k.place and t.tableoid = k.part and t.task_id between lo and hi
      and not exists (
        select from tasker.step s
        where s.lane = t.lane and s.task_id = t.task_id and s.task_id between lo and hi
          and s.state in ('ready', 'in_progress', 'waiting_for_retry', 'waiting_for_event'))
    returning 'e'::"char", t.task_id, 0, 0, 0, 0, 0, 0, 0;
  end if;
end $$;
