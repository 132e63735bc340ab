-- What a client hands back to get the next page of a list: kind and place, in letters that need no escaping in an address.
-- Made here, read in host/http/cursor.cpp; opaque to everybody else.
create or replace function tasker.cursor(p_kind text, p_place text) returns text language sql immutable parallel safe as $$
  select translate(encode(convert_to(p_kind || ':' || p_place, 'UTF8'), 'base64'), E'+/=\n', '-_')
$$;

-- Two task ids around a point in time: everything below `low` was created before it, everything from `high` on after it.
-- Found by halving: ids grow with time, but a host may use a block of 64 for an hour, so two hours are left on each side (a
-- clock that was set back by more hides tasks of those hours from lists by time). Twenty look-ups instead of a scan.
create or replace function tasker.task_ids_around(p_time timestamptz) returns table (low bigint, high bigint)
language plpgsql stable as $$
declare
  v_low     bigint;
  v_high    bigint;
  v_middle  bigint;
  v_created timestamptz;
  v_slack   interval;
begin
  foreach v_slack in array array[interval '-2 hours', interval '2 hours'] loop
    v_low := 0;
    select coalesce(max(t.task_id), 0) + 1 into v_high from tasker.task t where t.lane = 0;
    while v_high - v_low > 1024 loop
      v_middle := (v_low + v_high) / 2;
      select t.created_at into v_created from tasker.task t
      where t.lane = 0 and t.task_id >= v_middle order by t.task_id limit 1;
      if v_created is null or v_created >= p_time + v_slack then v_high := v_middle; else v_low := v_middle; end if;
    end loop;
    if v_slack < interval '0' then low := v_low; else high := v_high; end if;
  end loop;
  -- The newest tasks of the other lanes may lie beyond the newest of this one.
  if high > (select coalesce(max(t.task_id), 0) from tasker.task t where t.lane = 0) - 1024 then high := null; end if;
  return next;
end $$;

-- One page of tasks, newest first; p_after is the last task id of the page before. p_filter has any of namespace, name,
-- version, status (the seed's word or ours), correlation_id, tag, initiator, source_system, created_after (inclusive) and
-- created_before. The conditions are put together here, so that each question gets the index that serves it: a list of
-- failed tasks must not read a million good ones.
create or replace function tasker.find_tasks(p_filter jsonb, p_limit int, p_after bigint) returns jsonb
language plpgsql stable as $$
declare
  v_states    tasker.task_state[];
  v_templates int[];
  v_where     text := '';
  v_from      bigint;
  v_below     bigint;
  v_is_open   boolean := false;
  v_answer    jsonb;
begin
  if p_filter ?| array['namespace', 'name', 'version'] then
    select array_agg(d.template_id) into v_templates
    from tasker.template d join tasker.namespace n using (namespace_id)
    where n.name = coalesce(p_filter ->> 'namespace', n.name) and d.name = coalesce(p_filter ->> 'name', d.name)
      and d.version = coalesce(p_filter ->> 'version', d.version);
    v_where := v_where || ' and t.template_id = any ($3)';
  end if;
  if p_filter ? 'status' then
    select array_agg(s) into v_states from unnest(enum_range(null::tasker.task_state)) s
    where s::text = p_filter ->> 'status' or tasker.seed_status(s) = p_filter ->> 'status';
    v_is_open := v_states <@ array['pending', 'in_progress', 'paused']::tasker.task_state[];
    v_where := v_where || ' and t.state = any ($4)'
      || case when v_states <@ array['error', 'cancelled']::tasker.task_state[] then ' and t.ending'
              when v_is_open then ' and t.finished_at is null'
              else '' end;
  end if;
  if p_filter ? 'correlation_id' then v_where := v_where || ' and t.correlation_id = $5 ->> ''correlation_id'''; end if;
  if p_filter ? 'initiator' then v_where := v_where || ' and t.initiator = $5 ->> ''initiator'''; end if;
  if p_filter ? 'source_system' then v_where := v_where || ' and t.source_system = $5 ->> ''source_system'''; end if;
  if p_filter ? 'tag' then
    v_where := v_where || ' and t.tags <> ''[]'' and t.tags @> jsonb_build_array($5 -> ''tag'')';
  end if;
  if p_filter ? 'created_after' then
    v_where := v_where || ' and t.created_at >= ($5 ->> ''created_after'')::timestamptz and t.task_id >= $6';
    select low into v_from from tasker.task_ids_around((p_filter ->> 'created_after')::timestamptz);
  end if;
  if p_filter ? 'created_before' then
    v_where := v_where || ' and t.created_at < ($5 ->> ''created_before'')::timestamptz';
    select high into v_below from tasker.task_ids_around((p_filter ->> 'created_before')::timestamptz);
  end if;
  v_below := least(v_below, p_after);
  if v_below is not null then v_where := v_where || ' and t.task_id < $7'; end if;

  execute format($query$
    with page as (%s),
    numbered as (select p.*, row_number() over (order by p.task_id desc) as rn from page p)
    select jsonb_build_object(
      'tasks', coalesce((select jsonb_agg(tasker.task_head(t) order by t.task_id desc)
                         from tasker.task t join numbered n on n.lane = t.lane and n.task_id = t.task_id
                         where n.rn <= $1), '[]'),
      'next', (select tasker.cursor('task', min(task_id)::text) from numbered
               where rn <= $1 and (select count(*) from numbered) > $1))
    $query$,
    case when p_filter ?| array['correlation_id', 'tag']       -- their own indexes, over all lanes
         then format('select t.lane, t.task_id from tasker.task t where true%s order by t.task_id desc limit $1 + 1', v_where)
         -- The index of open tasks leads with the template. What is on the page is of as many of its heads, the newest ones, at most.
         when v_is_open
         then format('select t.* from (
                        select o.template_id, l.lane from tasker.open_templates() o cross join generate_series(0, $2) l(lane)
                          cross join lateral (select t.task_id from tasker.task t
                                              where t.template_id = o.template_id and t.lane = l.lane%1$s
                                              order by t.task_id desc limit 1) t
                        order by t.task_id desc limit $1 + 1) head cross join lateral (
                          select t.lane, t.task_id from tasker.task t where t.template_id = head.template_id and t.lane = head.lane%1$s
                          order by t.task_id desc limit $1 + 1) t
                      order by t.task_id desc limit $1 + 1', v_where)
         else format('select t.* from generate_series(0, $2) l(lane) cross join lateral (
                        select t.lane, t.task_id from tasker.task t where t.lane = l.lane%s
                        order by t.task_id desc limit $1 + 1) t
                      order by t.task_id desc limit $1 + 1', v_where) end)
  into v_answer
  using p_limit, tasker.lanes() - 1, v_templates, v_states, p_filter, v_from, v_below;
  return v_answer;
end $$;
