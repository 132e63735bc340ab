-- The same rows as the host writes for the same tasks, by set-based statements alone: what no engine on these tables can
-- beat. Per task one insert and one update; per step one insert, one update when it is claimed (first steps are inserted
-- claimed), one when it completes, and one attempt row. One commit a batch.
create schema if not exists bench;
create or replace function bench.write_rows(p_template int, p_tasks int) returns void language plpgsql as $$
declare
  v_blocks bigint[] := (select array_agg(nextval('tasker.task_block') order by 1)
                        from generate_series(1, (p_tasks + 63) / 64));
  v_ids bigint[] := (select array_agg(id) from (
                       select b * 64 + i as id from unnest(v_blocks) b, generate_series(0, 63) i order by 1 limit p_tasks) x);
  lo bigint := v_ids[1];
  hi bigint := v_ids[array_upper(v_ids, 1)];
begin
  perform tasker.ensure_partitions(lo, hi - lo + 1);
  insert into tasker.task (lane, task_id, template_id, state, open_sinks, created_at, context)
  select tasker.lane_of(t), t, p_template, 'in_progress', 1, now(), '{"order_id":1}' from unnest(v_ids) t;

  insert into tasker.step (lane, task_id, ord, state, pending_parents, children, plugin_id, retryable, retry_limit, claim_no,
                           host_id, claimed_at)
  select tasker.lane_of(t), t, ts.ord, case when ts.parents = 0 then 'in_progress' else 'pending' end::tasker.step_state,
         ts.parents, ts.children, ts.plugin_id, true, 3, (ts.parents = 0)::int, 1, now()
  from unnest(v_ids) t, tasker.template_step ts where ts.template_id = p_template order by t, ts.ord;

  update tasker.step s set state = 'in_progress', claim_no = 1, host_id = 1, claimed_at = now(), pending_parents = 0
  where s.task_id between lo and hi and s.task_id = any (v_ids) and s.state = 'pending';

  update tasker.step s set state = 'complete', attempts = 1
  where s.task_id between lo and hi and s.task_id = any (v_ids);

  insert into tasker.attempt (lane, task_id, ord, claim_no, host_id, plugin_id, outcome, attempt, claimed_at, started_at,
                              finished_at, result)
  select s.lane, s.task_id, s.ord, 1, 1, s.plugin_id, 'ok', 1, now(), now(), now(), '{"n":1}'
  from tasker.step s where s.task_id between lo and hi and s.task_id = any (v_ids);

  update tasker.task t set open_sinks = 0, state = 'complete', finished_at = now()
  where t.task_id between lo and hi and t.task_id = any (v_ids);
end $$;
