-- The same rows as the host writes for the same tasks, by set-based statements alone: what no engine on these tables can
-- beat. Per task one insert and one update; per step one insert, one update when it is claimed (first steps are inserted
-- claimed), one when it completes, and one attempt row. One commit a batch. The ids of a batch are a range of their own,
-- so that each statement reads sixteen short index ranges, one a lane, and nothing else.
create schema if not exists bench;
create sequence if not exists bench.batch;
create or replace function bench.write_rows(p_template int, p_tasks int) returns void language plpgsql as $$
declare
  lo bigint := 1099511627776 + nextval('bench.batch') * 2048;              -- far above the ids of real tasks
  hi bigint := lo + p_tasks - 1;
begin
  perform tasker.ensure_partitions(lo, 4096);
  insert into tasker.task (lane, task_id, template_id, state, open_sinks, created_at, context)
  select tasker.lane_of(t), t, p_template, 'in_progress', 1, now(), '{"order_id":1}' from generate_series(lo, hi) t;

  insert into tasker.step (lane, task_id, ord, state, pending_parents, children, plugin_id, retryable, retry_limit, claim_no,
                           host_id, claimed_at)
  select tasker.lane_of(t), t, ts.ord, case when ts.parents = 0 then 'in_progress' else 'pending' end::tasker.step_state,
         ts.parents, ts.children, ts.plugin_id, true, 3, (ts.parents = 0)::int, 1, now()
  from generate_series(lo, hi) t, tasker.template_step ts where ts.template_id = p_template;

  update tasker.step s set state = 'in_progress', claim_no = 1, host_id = 1, claimed_at = now(), pending_parents = 0
  from generate_series(0, 15) l where s.lane = l and s.task_id between lo and hi and s.state = 'pending';

  update tasker.step s set state = 'complete', attempts = 1
  from generate_series(0, 15) l where s.lane = l and s.task_id between lo and hi;

  insert into tasker.attempt (lane, task_id, ord, claim_no, host_id, plugin_id, outcome, attempt, claimed_at, started_at,
                              finished_at, result)
  select s.lane, s.task_id, s.ord, 1, 1, s.plugin_id, 'ok', 1, now(), now(), now(), '{"n":1}'
  from generate_series(0, 15) l, tasker.step s where s.lane = l and s.task_id between lo and hi;

  update tasker.task t set open_sinks = 0, state = 'complete', finished_at = now()
  from generate_series(0, 15) l where t.lane = l and t.task_id between lo and hi;
end $$;
