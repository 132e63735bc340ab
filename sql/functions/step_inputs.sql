-- What a host needs to run steps whose task it does not have in memory: context, the parents' results, the checkpoint of
-- the attempt before. One row a step; parent_ords and parent_results go together.
create or replace function tasker.step_inputs(p_tasks bigint[], p_ords int[])
returns table (task_id bigint, ord int, template_id int, revision int, context jsonb, correlation_id text,
               parent_ords int[], parent_results text[], checkpoint jsonb)
language sql stable as $$
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
