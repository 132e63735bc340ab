-- The life of a host: register, beat, be found dead, give its work back, leave.

-- Refuses a program that was built before a breaking migration: TK002. p_migration is the newest that it knows.
create or replace function tasker.refuse_older_host(p_migration int) returns void language plpgsql as $$
declare
  v_name text;
begin
  select m.name into v_name from tasker.migration m where m.breaking and m.number > p_migration order by m.number limit 1;
  if found then
    raise exception using errcode = 'TK002',
      message = format('migration %s was applied, with which this program cannot work: stop it, and start the newer one', v_name);
  end if;
end $$;

create or replace function tasker.register_host(p_name text, p_version text, p_process text, p_migration int)
returns int language plpgsql as $$
declare
  v_host int;
begin
  perform tasker.refuse_older_host(p_migration);
  insert into tasker.host (name, version, process, migration) values (p_name, p_version, p_process, p_migration)
  returning host_id into v_host;
  return v_host;
end $$;

-- Raises this host's counter and answers the other living hosts' counters: observers compare them with what they saw
-- before, by their own monotonic clock. A host that was declared dead is told so by an error, and so is one that has
-- become too old: without beats it stops starting work, and others take its steps over.
create or replace function tasker.beat(p_host int, p_now timestamptz)
returns table (host_id int, heartbeat bigint, process text) language plpgsql as $$
#variable_conflict use_column
declare
  v_migration int;
begin
  update tasker.host h set heartbeat = h.heartbeat + 1, seen_at = p_now where h.host_id = p_host and h.alive
  returning h.migration into v_migration;
  if not found then
    raise exception using errcode = 'TK001', message = format('host %s was declared dead', p_host);
  end if;
  perform tasker.refuse_older_host(v_migration);
  -- Dead hosts that may still hold steps are told as counter -1: any host may go on with the takeover.
  return query select h.host_id, case when h.alive then h.heartbeat else -1 end, h.process
               from tasker.host h where h.host_id <> p_host and (h.alive or not h.released);
end $$;

-- Declares hosts dead. Their rows are locked FOR UPDATE: calls in flight hold them FOR KEY SHARE, so whatever such a host
-- was committing is committed or refused before anybody takes its steps.
create or replace function tasker.reclaim_dead_hosts(p_host int, p_dead int[], p_now timestamptz)
returns int language plpgsql as $$
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

-- Gives back steps of one lane that are in progress under any host that is not alive, all those of the tasks that the first
-- p_limit of them belong to: found from the open tasks, whatever the reason, and safe to repeat. Each lost attempt gets its
-- row; it costs nothing of the step's budget but has one of its own, so that a step that takes its host down again and again
-- comes to rest. When it is known which step took the host down (note_crash), that one has the crash counted and the others
-- pay nothing. Losses are counted from the attempts, because that may become known after the steps were taken back.
-- Answers how many steps came back; 0 means that the lane holds no more.
-- `offset 0` keeps the planner from starting at step: it read every step of the lane that was ever stored.
create or replace function tasker.reclaim_steps(p_host int, p_lane smallint, p_limit int, p_now timestamptz)
returns int language plpgsql as $$
declare
  v_tasks bigint[];
  v_limit smallint := (select lost_limit from tasker.setting);
  v_crash_limit smallint := (select crash_limit from tasker.setting);
  v_dead  int[] := array(select host_id from tasker.host where not alive);
  v_count int;
begin
  perform from tasker.host where host_id = p_host and alive for key share;
  if not found then
    raise exception using errcode = 'TK001', message = format('host %s was declared dead', p_host);
  end if;
  select array_agg(distinct task_id) into v_tasks from (
    select t.task_id
    from (select k.* from tasker.open_templates() o cross join lateral (
            select k.lane, k.task_id from tasker.task k
            where k.template_id = o.template_id and k.lane = p_lane and k.finished_at is null offset 0) k offset 0) t
      cross join lateral (
        select from tasker.step s where s.lane = t.lane and s.task_id = t.task_id and s.state = 'in_progress'
          and s.host_id = any (v_dead) offset 0) s
    limit p_limit) found_steps;
  if v_tasks is null then
    return 0;
  end if;
  perform tasker.lock_tasks(v_tasks);

  with held as (
    select s.task_id, s.ord, t.state as task_state, c.host_id is not null as is_known,
           c.task_id = s.task_id and c.ord = s.ord and c.claim_no = s.claim_no as is_guilty,
           (select count(*) from tasker.host_crash h where h.task_id = s.task_id and h.ord = s.ord) as crashes,
           (select count(*) from tasker.attempt a
            where a.lane = p_lane and a.task_id = s.task_id and a.ord = s.ord and a.outcome = 'lost'
              and not exists (select from tasker.host_crash h where h.host_id = a.host_id))
           + (c.host_id is null)::int as losses
    from tasker.task t
      join tasker.step s on s.lane = t.lane and s.task_id = t.task_id
      left join tasker.host_crash c on c.host_id = s.host_id
    where t.lane = p_lane and t.task_id = any (v_tasks) and s.state = 'in_progress' and s.host_id = any (v_dead)),
  lost as (
    update tasker.step s set
      lost = h.losses, run_at = null,
      state = case when h.task_state = 'cancelled' then 'cancelled'
                   when h.losses >= v_limit or h.crashes >= v_crash_limit then 'error'
                   else 'pending' end::tasker.step_state
    from held h
    where s.lane = p_lane and s.task_id = h.task_id and s.ord = h.ord and s.task_id = any (v_tasks)
    returning s.*, h.is_known, h.is_guilty, h.crashes),
  logged as (
    insert into tasker.attempt (lane, task_id, ord, claim_no, host_id, plugin_id, outcome, attempt, claimed_at, started_at,
                                finished_at, error_code, message)
    select lane, task_id, ord, claim_no, host_id, plugin_id, 'lost', attempts + 1, claimed_at, claimed_at, p_now,
           case when state <> 'error' then null
                when crashes >= v_crash_limit then 'plugin.crashed' else 'step.lost_too_often' end,
           case when is_guilty then tasker.crash_message(host_id)
                when is_known then format('host %s died while it held this step; another step of it was to blame', host_id)
                else format('host %s died while it held this step', host_id) end
    from lost)
  select count(*) into v_count from lost;
  perform tasker.settle_tasks(v_tasks, p_now);
  -- Another host may have been quicker with these, and may die before it commits: only an empty look counts as 0.
  return greatest(v_count, 1);
end $$;

-- After a whole round over the lanes found nothing: these dead hosts hold nothing any more.
create or replace function tasker.release_dead_hosts(p_dead int[]) returns int language sql as $$
  with gone as (
    update tasker.host set released = true where host_id = any (p_dead) and not alive and not released returning host_id),
  unloaded as (delete from tasker.host_plugin where host_id in (select host_id from gone))
  select count(*)::int from gone
$$;

-- Gives claims back unspent: the attempts were never started.
create or replace function tasker.hand_back_steps(p_host int, p_tasks bigint[], p_ords int[], p_claims int[], p_now timestamptz)
returns int language plpgsql as $$
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
    where s.lane = tasker.lane_of(u.t) and s.task_id = u.t + 0 and s.ord = u.o and s.claim_no = u.c     -- + 0: as in settle_tasks
      and t.lane = tasker.lane_of(u.t) and t.task_id = u.t and s.state = 'in_progress' and s.host_id = p_host
    returning 1)
  select count(*) into v_count from back;
  perform tasker.settle_tasks(v_tasks, p_now);
  return v_count;
end $$;

-- Steps of one lane in progress under this host, to compare with what it really holds after a broken connection. From the
-- open tasks, like reclaim_steps, and lane by lane for the same reason: with 100,000 open tasks all of them took 0.9 s.
create or replace function tasker.held_steps_of_lane(p_host int, p_lane smallint)
returns table (task_id bigint, ord int, claim_no int, attempt int, retry_limit int, revision int, template_id int,
               plugin_id int)
language sql stable as $$
  select s.task_id, s.ord, s.claim_no, s.attempts + 1, s.retry_limit::int, t.revision, t.template_id, s.plugin_id
  from (select k.* from tasker.open_templates() o cross join lateral (
          select k.lane, k.task_id, k.revision, k.template_id from tasker.task k
          where k.template_id = o.template_id and k.lane = p_lane and k.finished_at is null offset 0) k offset 0) t
    cross join lateral (
      select * from tasker.step s where s.lane = t.lane and s.task_id = t.task_id and s.state = 'in_progress'
        and s.host_id = p_host offset 0) s
$$;

-- A stopped host leaves, after its calls in flight (they hold its row FOR KEY SHARE): a claim that committed later would
-- belong to a host that others had found empty and released. What it still holds is found like a dead host's.
create or replace function tasker.leave_host(p_host int, p_now timestamptz) returns int language sql as $$
  select from tasker.host where host_id = p_host for update;
  with gone as (update tasker.host set alive = false where host_id = p_host and alive returning host_id),
  unloaded as (delete from tasker.host_plugin where host_id = p_host),
  noted as (insert into tasker.journal (at, kind, host_id) select p_now, 'host.left', host_id from gone)
  select count(*)::int from gone
$$;
