-- Makes the partitions that hold task ids up to p_ahead ids beyond p_from, for every partitioned table.
-- Each is made apart and attached: `create table ... partition of` waits for every open transaction on the parent and
-- makes all others wait behind it (2.5 s behind one open SELECT), ATTACH with a proven CHECK does not.
-- Answers the first task id that has no partition. Safe to call at any time from any host: the settings row is its lock.
create or replace function tasker.ensure_partitions(p_from bigint, p_ahead bigint)
returns bigint language plpgsql as $$
declare
  v_size   bigint;
  v_low    bigint;
  v_table  text;
  v_part   text;
  v_options text;
begin
  select partition_tasks into v_size from tasker.setting;
  v_low := p_from / v_size * v_size;
  while v_low <= p_from + p_ahead loop
    v_part := '_' || v_low / v_size;
    if to_regclass('tasker.annotation' || v_part) is null then     -- annotation is attached last
      perform from tasker.setting for update;
      foreach v_table in array array['task', 'step', 'step_edge', 'attempt', 'annotation'] loop
        continue when to_regclass('tasker.' || v_table || v_part) is not null;
        -- step rows are updated twice in place; task rows when they are claimed from the queue (at 80 a page of tasks
        -- queued together had no place for that) and when they end.
        v_options := case v_table
          when 'step' then 'with (fillfactor = 50, autovacuum_vacuum_scale_factor = 0.1)'
          when 'task' then 'with (fillfactor = 50)' else '' end;
        execute format('create table tasker.%I (like tasker.%I including defaults including generated including constraints including indexes) %s',
                       v_table || v_part, v_table, v_options);
        execute format('alter table tasker.%I add constraint in_range check (task_id >= %s and task_id < %s)',
                       v_table || v_part, v_low, v_low + v_size);
        execute format('alter table tasker.%I attach partition tasker.%I for values from (%s) to (%s)',
                       v_table, v_table || v_part, v_low, v_low + v_size);
        execute format('alter table tasker.%I drop constraint in_range', v_table || v_part);
      end loop;
    end if;
    v_low := v_low + v_size;
  end loop;
  return v_low;
end $$;

-- p_count blocks of 64 task ids, and the first id that has no partition yet.
create or replace function tasker.take_task_blocks(p_count integer)
returns table (block bigint, partitioned_below bigint) language plpgsql as $$
declare
  v_blocks bigint[];
  v_size   bigint := (select partition_tasks from tasker.setting);
begin
  select array_agg(nextval('tasker.task_block')) into v_blocks from generate_series(1, p_count);
  -- The next partition stands ready when half of the current one is used.
  return query select b, tasker.ensure_partitions(v_blocks[1] * 64, greatest(v_size / 2, p_count * 64))
               from unnest(v_blocks) b;
end $$;

-- After a database was brought back to an earlier state, or its sequence was: leaves the ids up to the highest one in use.
-- Only by taking them, so that hosts that take blocks meanwhile get none twice; what was done of it stays done when it is
-- cut short. Answers the highest id that is left.
create or replace function tasker.mend_task_ids() returns bigint language plpgsql as $$
declare
  v_highest bigint;
  v_block   bigint;
begin
  select max(highest) into v_highest
  from generate_series(0, tasker.lanes() - 1) l
    cross join lateral (select max(t.task_id) as highest from tasker.task t where t.lane = l::smallint) t;
  loop
    v_block := nextval('tasker.task_block');
    exit when v_block >= coalesce(v_highest / 64, 0);
  end loop;
  return v_block * 64 + 63;
end $$;
