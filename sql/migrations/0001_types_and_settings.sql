-- Words and fixed numbers. The states and outcomes are spelled as in host/model; a test compares the two.

create type tasker.task_state as enum
  ('pending', 'in_progress', 'paused', 'complete', 'error', 'cancelled', 'resolved_manually');
create type tasker.step_state as enum
  ('pending', 'ready', 'in_progress', 'waiting_for_retry', 'waiting_for_event',
   'complete', 'error', 'cancelled', 'skipped', 'resolved_manually');
create type tasker.attempt_outcome as enum
  ('ok', 'retry', 'fail', 'wait', 'cancelled', 'timed_out', 'lost');

create table tasker.setting (
  only_row        boolean primary key default true check (only_row),
  partition_tasks bigint not null default 4194304,      -- task ids a partition holds
  -- Makes idempotency keys unique between installations that call the same outside system.
  installation    text not null default substr(md5(random()::text || clock_timestamp()::text), 1, 8),
  lost_limit      smallint not null default 5,          -- lost attempts a step survives
  created_at      timestamptz not null default now());
insert into tasker.setting default values;

-- The number of lanes is fixed when the database is made: it leads the keys of all work.
create function tasker.lanes() returns integer language sql immutable parallel safe
  return 16;
create function tasker.lane_of(p_task bigint) returns smallint language sql immutable parallel safe
  return (p_task % 16)::smallint;

-- The six words of the predecessor's interfaces.
create function tasker.seed_status(p_state tasker.task_state) returns text language sql immutable parallel safe
  return case p_state when 'paused' then 'pending' else p_state::text end;
create function tasker.seed_status(p_state tasker.step_state) returns text language sql immutable parallel safe
  return case p_state when 'ready' then 'pending' when 'waiting_for_event' then 'pending'
                      when 'waiting_for_retry' then 'error' when 'skipped' then 'complete' else p_state::text end;
-- What lets a child run.
create function tasker.satisfies_child(p_state tasker.step_state) returns boolean language sql immutable parallel safe
  return p_state in ('complete', 'skipped', 'resolved_manually');
create function tasker.is_terminal(p_state tasker.step_state) returns boolean language sql immutable parallel safe
  return p_state in ('complete', 'error', 'cancelled', 'skipped', 'resolved_manually');

-- One integer for a step outside the hot path, like the predecessor's workflow_step_id.
create function tasker.workflow_step_id(p_task bigint, p_ord integer) returns bigint language sql immutable parallel safe
  return p_task * 16384 + p_ord;
