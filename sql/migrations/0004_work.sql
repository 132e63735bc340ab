-- Work: tasks, steps, attempts, and the two queues. The lane leads every key; all rows of a task share it.
-- Partitioned by task_id, few and large: old ones are dropped, never deleted row by row. No foreign keys here.
-- Column order is by alignment.

create sequence tasker.task_block as bigint;               -- blocks of 64 ids, handed to hosts

create table tasker.task (
  task_id        bigint not null,
  created_at     timestamptz not null,
  finished_at    timestamptz,                              -- null while any step may still run
  start_at       timestamptz,                              -- not before; null: at once
  template_id    integer not null,
  open_sinks     integer not null,                         -- steps without children that are not yet satisfied
  revision       integer not null default 0,               -- grows with each operator action on results or inputs
  state          tasker.task_state not null,
  lane           smallint not null,
  priority       smallint not null default 5,              -- 0 most urgent, 9 least
  failed         boolean not null default false,           -- a step has failed for good
  context        jsonb not null,
  tags           jsonb not null default '[]',
  initiator      text not null default 'unknown',
  source_system  text not null default 'unknown',
  reason         text not null default 'unknown',
  correlation_id text,
  primary key (lane, task_id))
  partition by range (task_id);
-- A dead host's steps are found through the open tasks, so that step needs no index besides its key.
create index task_open on tasker.task (lane, task_id) where finished_at is null;
-- Tasks that end when what still runs has ended: asked for by every batch, nearly always empty.
create index task_ending on tasker.task (lane, task_id) where finished_at is null and (failed or state = 'cancelled');

create table tasker.step (
  task_id         bigint not null,
  claimed_at      timestamptz,
  run_at          timestamptz,                             -- ready or waiting: when it is due, and its place in the queue
  ord             integer not null,
  pending_parents integer not null,
  claim_no        integer not null default 0,              -- the fence: only grows
  host_id         integer,                                 -- who holds it, or held it last
  plugin_id       integer not null,                        -- pinned
  state           tasker.step_state not null,
  lane            smallint not null,
  attempts        smallint not null default 0,             -- of the budget
  retry_limit     smallint not null,
  lost            smallint not null default 0,             -- attempts that went down with their host: a budget of their own
  retryable       boolean not null,
  children        integer[],
  primary key (lane, task_id, ord))
  partition by range (task_id);

-- The edges of tasks whose graph is their own; all others share template_edge.
create table tasker.step_edge (
  task_id  bigint not null,
  from_ord integer not null,
  to_ord   integer not null,
  lane     smallint not null,
  primary key (lane, task_id, to_ord, from_ord))
  partition by range (task_id);

-- One row an attempt that ended. Payloads live here and not in step: a wide step row would not be updated in place.
create table tasker.attempt (
  task_id     bigint not null,
  claimed_at  timestamptz not null,
  started_at  timestamptz not null,
  finished_at timestamptz not null,
  run_at      timestamptz,                                 -- retry, wait: when the next attempt is due
  ord         integer not null,
  claim_no    integer not null,
  host_id     integer not null,
  plugin_id   integer not null,
  outcome     tasker.attempt_outcome not null,
  lane        smallint not null,
  attempt     smallint not null,
  error_code  text,
  message     text,
  result      jsonb,                                       -- ok: the step's result; else details of the error
  checkpoint  jsonb,                                       -- handed to the next attempt
  primary key (lane, task_id, ord, claim_no))
  partition by range (task_id);

create table tasker.annotation (
  task_id            bigint not null,
  created_at         timestamptz not null default now(),
  annotation_no      integer not null,
  annotation_type_id integer not null,
  lane               smallint not null,
  annotation         jsonb not null,
  primary key (lane, task_id, annotation_no))
  partition by range (task_id);

-- Due work that nobody could take at once. A row exists exactly while its step is `ready` (or `waiting_for_retry`
-- and due) and its task may run; its key is derived from the step: (plugin_id, the task's priority, run_at).
-- The key order is the claim's ORDER BY; plugin_id stands before the rest so that a million rows for a plugin that
-- no host has loaded stand in nobody's way.
create table tasker.ready_step (
  lane      smallint not null,
  plugin_id integer not null,
  priority  smallint not null,
  run_at    timestamptz not null,
  task_id   bigint not null,
  ord       integer not null,
  primary key (lane, plugin_id, priority, run_at, task_id, ord))
  with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000,
        autovacuum_vacuum_insert_threshold = -1, autovacuum_vacuum_cost_delay = 0);

-- Work that falls due later; moved to ready_step when it does.
create table tasker.delayed_step (
  run_at    timestamptz not null,
  task_id   bigint not null,
  ord       integer not null,
  plugin_id integer not null,
  lane      smallint not null,
  priority  smallint not null,
  primary key (lane, run_at, task_id, ord))
  with (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000,
        autovacuum_vacuum_insert_threshold = -1, autovacuum_vacuum_cost_delay = 0);

-- A step's history, told from its attempts: when it was taken, and what it became.
create view tasker.step_transition as
  select a.task_id, a.ord, a.claim_no, a.claimed_at as at, 'in_progress'::tasker.step_state as to_state,
         a.host_id, null::text as error_code
  from tasker.attempt a
  union all
  select a.task_id, a.ord, a.claim_no, a.finished_at,
         case when a.outcome = 'ok' then 'complete'
              when a.run_at is not null then 'waiting_for_retry'
              when a.outcome = 'cancelled' then 'cancelled'
              when a.outcome = 'lost' and a.error_code is null then 'ready'
              else 'error' end::tasker.step_state,
         a.host_id, a.error_code
  from tasker.attempt a;
