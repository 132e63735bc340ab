-- What a host needs to run steps whose task it does not have in memory: context, the parents' results, the checkpoint of
-- the attempt before. One row a step; parent_ords and parent_results go together.
-- `offset 0` makes each parent a look-up by its whole key: planned freely, a join of 500 parents read all attempts of the
-- task for each of them (300 ms instead of 5).
create or replace function tasker.step_inputs_v2(p_tasks bigint[], p_ords int[])
returns table (task_id bigint, ord int, template_id int, revision int, context jsonb, correlation_id text,
               parent_ords int[], parent_results text[], checkpoint jsonb, traceparent text)
language sql stable as $$
  select t.task_id, u.o, t.template_id, t.revision, t.context, t.correlation_id, p.ords, p.results, c.checkpoint, t.traceparent
  from unnest(p_tasks, p_ords) u(t, o)
    join tasker.task t on t.lane = tasker.lane_of(u.t) and t.task_id = u.t
    cross join lateral (
      select array_agg(e.from_ord order by e.from_ord) as ords,
             array_agg(coalesce(a.result::text, 'null') order by e.from_ord) as results
      from (select e.from_ord from tasker.template_edge e where e.template_id = t.template_id and e.to_ord = u.o
            union all
            select e.from_ord from tasker.step_edge e
            where e.lane = tasker.lane_of(u.t) and e.task_id = u.t and e.to_ord = u.o) e
        cross join lateral (
          select s.claim_no from tasker.step s
          where s.lane = tasker.lane_of(u.t) and s.task_id = u.t and s.ord = e.from_ord offset 0) ps
        left join lateral (
          select a.result from tasker.attempt a
          where a.lane = tasker.lane_of(u.t) and a.task_id = u.t and a.ord = e.from_ord and a.claim_no = ps.claim_no
            and a.outcome = 'ok' offset 0) a on true) p
    left join lateral (
      select a.checkpoint from tasker.attempt a
      where a.lane = tasker.lane_of(u.t) and a.task_id = u.t and a.ord = u.o
      order by a.claim_no desc limit 1) c on true
$$;
