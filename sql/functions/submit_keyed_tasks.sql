-- submit_tasks for a client that may repeat itself: of all calls with one key, on whatever host and at whatever moment, one
-- creates the tasks, and the others are answered with its ids, as rows (task_id, 0, -1, ...) in the order of the request.
-- The key's row decides: a second call waits for the first one's end, then finds the row or makes it. The same key with
-- another request is refused (TK020). Repeating a call whose answer got lost, with the same ids, continues that call.
-- Each call takes some keys away whose time is over, so that the table holds little more than those that count.
create or replace function tasker.submit_keyed_tasks(
  p_key text, p_digest bytea, p_life interval, p_host int, p_tasks bigint[], p_templates int[], p_contexts jsonb[],
  p_initiators text[], p_source_systems text[], p_reasons text[], p_tags jsonb[], p_correlation_ids text[],
  p_start_ats timestamptz[], p_priorities int[], p_room int, p_plugins int[], p_now timestamptz, p_traceparents text[])
returns table (task_id bigint, ord int, claim_no int, attempt int, retry_limit int, revision int, template_id int,
               plugin_id int)
language plpgsql as $$
#variable_conflict use_column
declare
  v_digest bytea;
  v_tasks  bigint[];
begin
  perform from tasker.host where host_id = p_host and alive for key share;  -- before the key: the order of locks
  if not found then
    raise exception using errcode = 'TK001', message = format('host %s was declared dead', p_host);
  end if;

  perform tasker.purge_idempotency_keys(20, p_now);
  insert into tasker.idempotency_key (key, digest, tasks, expires_at) values (p_key, p_digest, p_tasks, p_now + p_life)
  on conflict (key) do update set digest = excluded.digest, tasks = excluded.tasks, expires_at = excluded.expires_at
  where tasker.idempotency_key.expires_at <= p_now;
  select digest, tasks into v_digest, v_tasks from tasker.idempotency_key where key = p_key;
  if not found then                                        -- another call took it away just now, for its time was over
    raise exception using errcode = '40001', message = 'the idempotency key expired meanwhile';
  end if;
  if v_digest <> p_digest then
    raise exception using errcode = 'TK020',
      message = format('the Idempotency-Key %s was used for another request', quote_literal(p_key));
  end if;
  if v_tasks[1] <> p_tasks[1] then
    return query select t, 0, -1, 0, 0, 0, 0, 0 from unnest(v_tasks) with ordinality u(t, place) order by place;
    return;
  end if;
  return query select * from tasker.submit_tasks(
    p_host, p_tasks, p_templates, p_contexts, p_initiators, p_source_systems, p_reasons, p_tags, p_correlation_ids,
    p_start_ats, p_priorities, p_room, p_plugins, p_now, p_traceparents);
end $$;

-- At most p_most keys whose time is over; answers how many there were. For whoever wants them gone without waiting.
create or replace function tasker.purge_idempotency_keys(p_most int, p_now timestamptz) returns int language sql as $$
  with gone as (
    delete from tasker.idempotency_key where key in (
      select key from tasker.idempotency_key where expires_at <= p_now order by expires_at limit p_most for update skip locked)
    returning 1)
  select count(*)::int from gone
$$;
