-- The level of each step of a task: the longest path from any first step, which has level 0. A parent's ord is always
-- lower than its child's, so walking by ord ends even on edges that should not be there.
create or replace function tasker.dependency_levels(p_task bigint)
returns table (workflow_step_id bigint, dependency_level int) language sql stable as $$
  with recursive edge as (
    select e.from_ord, e.to_ord from tasker.task t join tasker.template_edge e on e.template_id = t.template_id
    where t.lane = tasker.lane_of(p_task) and t.task_id = p_task and e.from_ord < e.to_ord
    union
    select e.from_ord, e.to_ord from tasker.step_edge e
    where e.lane = tasker.lane_of(p_task) and e.task_id = p_task and e.from_ord < e.to_ord),
  -- Level by level: union drops a step that is reached twice on the same level, so wide diamonds stay cheap.
  reached as (
    select s.ord, 0 as level from tasker.step s
    where s.lane = tasker.lane_of(p_task) and s.task_id = p_task
      and not exists (select from edge e where e.to_ord = s.ord)
    union
    select e.to_ord, r.level + 1 from reached r join edge e on e.from_ord = r.ord)
  select tasker.workflow_step_id(p_task, ord), max(level) from reached group by ord order by ord
$$;
