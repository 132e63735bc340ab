-- submit_tasks for clients that may repeat themselves: of all requests with one key, on whatever host and at whatever moment,
-- one creates its tasks, and the others are answered with its ids. A call brings many requests, each with a key and so many
-- of the tasks, in their order; each is all or none, whatever becomes of the others. Rows with a claim_no below 0 tell of
-- requests that created nothing, ord being their place in p_keys: -1 one of the ids that the first one got, in their order;
-- -2 that the key was used for another request.
-- The key's row decides: a second call waits for the first one's end, then finds the row or makes it. Repeating a call
-- whose answer got lost, with the same ids, continues that call.
-- Each call takes some keys away whose time is over, so that the table holds little more than those that count.
create or replace function tasker.submit_keyed_tasks_v2(
  p_keys text[], p_digests text[], p_lives int[], p_counts int[], p_host int, p_tasks bigint[], p_templates int[],
  p_contexts jsonb[], p_initiators text[], p_source_systems text[], p_reasons text[], p_tags jsonb[],
  p_correlation_ids text[], p_start_ats timestamptz[], p_priorities int[], p_room int, p_plugins int[], p_now timestamptz,
  p_traceparents text[])
returns table (task_id bigint, ord int, claim_no int, attempt int, retry_limit int, revision int, template_id int,
               plugin_id int)
language plpgsql set lock_timeout = '1s' as $$            -- for a held key, behind which all that submit with keys would wait
#variable_conflict use_column
declare
  v_ends    int[] := array(select sum(n) over (order by i) from unnest(p_counts) with ordinality u(n, i) order by i);
  v_created int[];                                         -- the places of requests whose keys are theirs
  v_written text[];                                        -- the keys that this call wrote
  v_is_new  boolean;                                       -- all keys of those requests are among them
  v_first   bigint;                                        -- the first id of theirs
begin
  perform from tasker.host where host_id = p_host and alive for key share;  -- before the keys: the order of locks
  if not found then
    raise exception using errcode = 'TK001', message = format('host %s was declared dead', p_host);
  end if;

  -- In the order of the keys, so that two calls never wait for each other.
  with written as (
    insert into tasker.idempotency_key (key, digest, tasks, expires_at)
    select distinct on (key) key, decode(digest, 'hex'), p_tasks[v_ends[i] - n + 1 : v_ends[i]], p_now + make_interval(secs => life)
    from unnest(p_keys, p_digests, p_lives, p_counts) with ordinality u(key, digest, life, n, i) order by key, i
    on conflict (key) do update set digest = excluded.digest, tasks = excluded.tasks, expires_at = excluded.expires_at
    where tasker.idempotency_key.expires_at <= p_now
    returning key)
  select array_agg(key) into v_written from written;

  select array_agg(i), (array_agg(p_tasks[v_ends[i] - n + 1] order by i))[1], bool_and(key = any (v_written))
  into v_created, v_first, v_is_new
  from unnest(p_keys, p_counts) with ordinality u(key, n, i) join tasker.idempotency_key k using (key)
  where k.tasks[1] = p_tasks[v_ends[i] - n + 1];
  return query
  select coalesce(t.id, 0), i::int, case when same then -1 else -2 end, 0, 0, 0, 0, 0
  from unnest(p_keys, p_digests) with ordinality u(key, digest, i) join tasker.idempotency_key k using (key)
    cross join lateral (select k.digest = decode(u.digest, 'hex') as same) d
    left join lateral unnest(k.tasks) with ordinality t(id, place) on same
  where i <> all (coalesce(v_created, '{}')) order by i, place;
  perform tasker.purge_idempotency_keys(20 + 2 * cardinality(p_keys), p_now);  -- last, for it waits for nobody
  if v_created is null then
    return;
  end if;
  -- A call that just wrote all its keys is no repetition: tasks with its ids are somebody else's (mend_task_ids). Some may
  -- have been written anew by a repetition, when their time had run out meanwhile.
  if v_is_new and exists (select from tasker.task t where t.lane = tasker.lane_of(v_first) and t.task_id = v_first) then
    raise exception using errcode = '23505', message = format('task %s is there already', v_first);
  end if;

  return query
  select s.* from (
    select array_agg(t order by i) as tasks, array_agg(template order by i) as templates, array_agg(context order by i) as contexts,
           array_agg(initiator order by i) as initiators, array_agg(source_system order by i) as source_systems,
           array_agg(reason order by i) as reasons, array_agg(tag order by i) as tags,
           array_agg(correlation_id order by i) as correlation_ids, array_agg(start_at order by i) as start_ats,
           array_agg(priority order by i) as priorities, array_agg(traceparent order by i) as traceparents
    from unnest(p_tasks, p_templates, p_contexts, p_initiators, p_source_systems, p_reasons, p_tags, p_correlation_ids,
                p_start_ats, p_priorities, p_traceparents) with ordinality
         u(t, template, context, initiator, source_system, reason, tag, correlation_id, start_at, priority, traceparent, i)
    where i in (select generate_series(v_ends[c] - p_counts[c] + 1, v_ends[c]) from unnest(v_created) c)) a
    cross join lateral tasker.submit_tasks(
      p_host, tasks, templates, contexts, initiators, source_systems, reasons, tags, correlation_ids, start_ats, priorities,
      p_room, p_plugins, p_now, traceparents) s;
end $$;

-- At most p_most keys whose time is over; answers how many there were. For whoever wants them gone without waiting.
create or replace function tasker.purge_idempotency_keys(p_most int, p_now timestamptz) returns int language sql as $$
  with gone as (
    delete from tasker.idempotency_key where key in (
      select key from tasker.idempotency_key where expires_at <= p_now order by expires_at limit p_most for update skip locked)
    returning 1)
  select count(*)::int from gone
$$;
