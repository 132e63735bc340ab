-- What an idle host asks four times a second: which lanes hold due work for its plugins, and when the next delayed step falls
-- due. One row a lane that is due (lane, 0), and one row (-1, milliseconds) for the earliest later one, a day at most:
-- hosts look again long before, and the year 9999 does not fit into their clocks.
create or replace function tasker.peek_queues(p_plugins int[], p_now timestamptz)
returns table (lane smallint, due_in_ms bigint) language sql stable as $$
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
  select -1::smallint, ceil(extract(epoch from least(min(run_at), p_now + interval '1 day') - p_now) * 1000)::bigint
  from delayed where run_at > p_now having count(*) > 0
$$;
