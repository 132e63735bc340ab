-- Where tasks stand and what would move them; the columns and words are the predecessor's, one row a known task.
-- Mended: a step that used up its attempts blocks the task only when nothing else of it can move.
create or replace function tasker.task_execution_context(p_tasks bigint[], p_now timestamptz default clock_timestamp())
returns table (task_id bigint, named_task_id int, status text, total_steps int, pending_steps int, in_progress_steps int,
               completed_steps int, failed_steps int, ready_steps int, execution_status text, recommended_action text,
               completion_percentage numeric(5, 2), health_status text)
language sql stable as $$
  with counted as (
    select r.task_id, count(*)::int as total,
           count(*) filter (where current_state in ('pending', 'ready', 'waiting_for_event'))::int as pending,
           count(*) filter (where current_state = 'in_progress')::int as in_progress,
           count(*) filter (where current_state in ('complete', 'skipped', 'resolved_manually'))::int as completed,
           count(*) filter (where current_state in ('error', 'waiting_for_retry'))::int as failed,
           count(*) filter (where current_state in ('waiting_for_retry', 'waiting_for_event'))::int as waiting,
           count(*) filter (where current_state = 'error')::int as exhausted,
           count(*) filter (where ready_for_execution)::int as ready
    from tasker.step_readiness(p_tasks, p_now) r group by r.task_id),
  judged as (
    select *, case when ready > 0 then 'has_ready_steps'
                   when in_progress > 0 then 'processing'
                   when exhausted > 0 and waiting = 0 then 'blocked_by_failures'
                   when total > 0 and completed = total then 'all_complete'
                   else 'waiting_for_dependencies' end as execution_status
    from counted)
  select j.task_id, t.template_id, tasker.seed_status(t.state), total, pending, in_progress, completed, j.failed, ready,
         execution_status,
         case execution_status when 'has_ready_steps' then 'execute_ready_steps' when 'processing' then 'wait_for_completion'
              when 'blocked_by_failures' then 'handle_failures' when 'all_complete' then 'finalize_task'
              else 'wait_for_dependencies' end,
         case when total = 0 then 0 else round(completed * 100.0 / total, 2) end,
         case when j.failed = 0 then 'healthy'
              when ready > 0 then 'recovering'
              when exhausted > 0 then 'blocked'
              else 'recovering' end
  from judged j join tasker.task t on t.lane = tasker.lane_of(j.task_id) and t.task_id = j.task_id
  order by j.task_id
$$;
