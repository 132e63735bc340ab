-- How much waits and for how long, for metrics: bounded, however much there is. Counts are exact up to 8,192 a lane, and
-- stay there beyond. The oldest due step is found by one look-up a (lane, plugin, priority), the queue's own order.
create or replace function tasker.queue_gauges(p_now timestamptz)
returns table (ready bigint, delayed bigint, oldest_ms bigint) language sql stable as $$
  with recursive head as (
    (select r.lane, r.plugin_id, r.priority, r.run_at from tasker.ready_step r
     order by r.lane, r.plugin_id, r.priority, r.run_at limit 1)
    union all
    select n.* from head h cross join lateral (
      select r.lane, r.plugin_id, r.priority, r.run_at from tasker.ready_step r
      where (r.lane, r.plugin_id, r.priority) > (h.lane, h.plugin_id, h.priority)
      order by r.lane, r.plugin_id, r.priority, r.run_at limit 1) n),
  lane as (select l::smallint as lane from generate_series(0, tasker.lanes() - 1) l),
  due as (
    select min(run_at) as run_at from head
    union all
    select d.run_at from lane cross join lateral (
      select d.run_at from tasker.delayed_step d where d.lane = lane.lane order by d.run_at limit 1) d)
  select (select sum(n)::bigint from lane cross join lateral (
            select count(*) as n from (select from tasker.ready_step r where r.lane = lane.lane limit 8192) r) c),
         (select sum(n)::bigint from lane cross join lateral (
            select count(*) as n from (select from tasker.delayed_step d where d.lane = lane.lane limit 8192) d) c),
         greatest(0, coalesce((select extract(epoch from p_now - min(run_at)) * 1000 from due), 0))::bigint
$$;
