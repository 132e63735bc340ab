-- Creates tasks with their steps, all or none. First steps are claimed for the host as far as it has room and the plugin
-- loaded; the others go to the queue, those of a task with a later start_at to the delayed ones.
-- The ids come from the host's blocks (take_task_blocks). Repeating a call whose answer got lost creates nothing again.
-- Arrays may be shorter than p_tasks: what is missing takes its default. A row of zeros says that first steps were queued;
-- with ord -1 that the ids were there before: the repetition of a call, or, when it is sent for the first time, ids that
-- are somebody else's (mend_task_ids). Tasks that differ from those of the call are not its own (23505).
create or replace function tasker.submit_tasks(
  p_host int, p_tasks bigint[], p_templates int[], p_contexts jsonb[], p_initiators text[], p_source_systems text[],
  p_reasons text[], p_tags jsonb[], p_correlation_ids text[], p_start_ats timestamptz[], p_priorities int[],
  p_room int, p_plugins int[], p_now timestamptz, p_traceparents text[] default '{}')
returns table (task_id bigint, ord int, claim_no int, attempt int, retry_limit int, revision int, template_id int,
               plugin_id int)
language plpgsql as $$
#variable_conflict use_column
begin
  perform from tasker.host where host_id = p_host and alive for key share;
  if not found then
    raise exception using errcode = 'TK001', message = format('host %s was declared dead', p_host);
  end if;

  if exists (select from tasker.task t where t.lane = tasker.lane_of(p_tasks[1]) and t.task_id = p_tasks[1]) then
    if exists (
      select from unnest(p_tasks, p_templates, p_correlation_ids) u(t, template_id, correlation_id)
        left join lateral (
          select t.template_id, t.correlation_id from tasker.task t
          where t.lane = tasker.lane_of(u.t) and t.task_id = u.t offset 0) t on true
      where t.template_id is distinct from u.template_id or t.correlation_id is distinct from u.correlation_id) then
      raise exception using errcode = '23505', message = format('task %s is there already, of another request', p_tasks[1]);
    end if;
    return query
    select s.task_id, s.ord, s.claim_no, s.attempts + 1, s.retry_limit::int, t.revision, t.template_id, s.plugin_id
    from unnest(p_tasks) u(t)
      join tasker.task t on t.lane = tasker.lane_of(u.t) and t.task_id = u.t
      join tasker.step s on s.lane = t.lane and s.task_id = u.t
    where s.state = 'in_progress' and s.host_id = p_host
    union all
    select 0, -1, 0, 0, 0, 0, 0, 0;    -- these ids were there before; whether something waits is not known any more
    return;
  end if;

  return query
  with u as (
    select tasker.lane_of(t) as lane, u.*, coalesce(start_at, p_now) > p_now as later
    from unnest(p_tasks, p_templates, p_contexts, p_initiators, p_source_systems, p_reasons, p_tags, p_correlation_ids,
                p_start_ats, p_priorities, p_traceparents)
         u(t, template_id, context, initiator, source_system, reason, tags, correlation_id, start_at, priority, traceparent)
    where t between 1 and 9007199254740991),               -- one row expected: template_step is looked up by key
  new_step as (
    select u.lane, u.t, u.template_id, coalesce(u.priority, 5)::smallint as priority, u.start_at, ts.ord, ts.parents,
           ts.children, ts.plugin_id, ts.retryable, ts.retry_limit,
           case when ts.parents > 0 then 'pending'::tasker.step_state
                when not u.later and ts.plugin_id = any (p_plugins)
                 and count(*) filter (where ts.parents = 0 and not u.later and ts.plugin_id = any (p_plugins))
                     over (order by u.t, ts.ord rows unbounded preceding) <= p_room then 'in_progress'
                else 'ready' end as state
    from u join tasker.template_step ts on ts.template_id = u.template_id),
  tasks as (
    insert into tasker.task (lane, task_id, template_id, state, open_sinks, created_at, start_at, priority, context, tags,
                             initiator, source_system, reason, correlation_id, traceparent)
    select u.lane, t, template_id,
           -- `in`, hashed once: `exists` read all steps of the batch for each of its tasks (200 tasks: 8 of 28 ms).
           case when t in (select n.t from new_step n where n.state = 'in_progress')
                then 'in_progress'::tasker.task_state else 'pending' end,
           (select sinks from tasker.template where template_id = u.template_id), p_now, start_at, coalesce(priority, 5),
           coalesce(context, '{}'), coalesce(tags, '[]'), coalesce(initiator, 'unknown'),
           coalesce(source_system, 'unknown'), coalesce(reason, 'unknown'), correlation_id, traceparent
    from u),
  -- By lane, as the rows then come to lie: a page then belongs to the batches of one writer. In the order of ids each page
  -- held all lanes' tasks, and each batch pruned it anew for a row or two (a tenth of all time, with a lane a batch).
  steps as (
    insert into tasker.step (lane, task_id, ord, state, pending_parents, children, plugin_id, retryable, retry_limit, claim_no,
                             host_id, claimed_at, run_at)
    select lane, t, ord, state, parents, children, plugin_id, retryable, retry_limit, (state = 'in_progress')::int,
           case when state = 'in_progress' then p_host end, case when state = 'in_progress' then p_now end,
           case when state = 'ready' then coalesce(start_at, p_now) end
    from new_step order by lane, t, ord),
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
