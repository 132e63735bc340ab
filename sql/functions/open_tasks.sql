-- Open tasks by template: what decides how long a version is needed. All by the index task_open (template, lane, task).

-- The templates that have open tasks, by one probe each however many tasks they have (a loose index scan).
create or replace function tasker.open_templates() returns table (template_id int) language sql stable as $$
  with recursive o as (
    (select t.template_id from tasker.task t where t.finished_at is null order by t.template_id limit 1)
    union all
    select (select t.template_id from tasker.task t where t.finished_at is null and t.template_id > o.template_id
            order by t.template_id limit 1)
    from o where o.template_id is not null)
  select template_id from o where template_id is not null
$$;

-- What still needs these templates, a row each: how many open tasks (1001 stands for more than 1000), the oldest of them, and when
-- the next of their delayed steps falls due.
create or replace function tasker.open_tasks_of(p_templates int[])
returns table (template_id int, tasks bigint, oldest_task bigint, oldest_at timestamptz, next_wake timestamptz)
language sql stable as $$
  select w.id, c.tasks, h.task_id, (select t.created_at from tasker.task t where t.lane = h.lane and t.task_id = h.task_id),
         case when c.tasks > 0 then (select d.run_at from tasker.delayed_step d
                                     where d.plugin_id = (select p.plugin_id from tasker.template p where p.template_id = w.id)
                                     order by d.run_at limit 1) end
  from unnest(p_templates) w(id)
    cross join lateral (select count(*) as tasks from (
      select from tasker.task t where t.template_id = w.id and t.finished_at is null limit 1001) t) c
    left join lateral (
      select t.lane, t.task_id from generate_series(0, tasker.lanes() - 1) l(lane) cross join lateral (
        select t.lane, t.task_id from tasker.task t where t.template_id = w.id and t.lane = l.lane and t.finished_at is null
        order by t.task_id limit 1) t
      order by t.task_id limit 1) h on c.tasks > 0
$$;

-- A count as people read it.
create or replace function tasker.count_text(p_count bigint) returns text language sql immutable as $$
  select case when p_count > 1000 then '1000+' else p_count::text end
$$;
