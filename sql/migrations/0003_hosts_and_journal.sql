-- Who works here, and what happened besides attempts.

create table tasker.host (
  host_id       integer generated always as identity primary key,
  boot_id       uuid not null default gen_random_uuid(),   -- one life of one process, never the machine's name
  name          text not null,
  version       text not null,
  process       text not null default '',                  -- proves on the same machine that the process is gone
  alive         boolean not null default true,
  released      boolean not null default false,            -- dead and known to hold no step any more
  heartbeat     bigint not null default 0,                 -- a counter: observers compare it with their own clock
  registered_at timestamptz not null default now(),
  seen_at       timestamptz not null default now())        -- for people only; no decision reads it
  with (fillfactor = 50);

-- Which plugin versions a host has loaded: claims go by its own list, the API by this table.
create table tasker.host_plugin (
  host_id   integer not null references tasker.host,
  plugin_id integer not null references tasker.plugin,
  primary key (host_id, plugin_id));

-- Append-only log of all that is not an attempt: operator actions, plugin life cycle, takeovers, handlers' events.
create table tasker.journal (
  journal_id bigint generated always as identity primary key,
  at         timestamptz not null,
  kind       text not null,                                -- 'task.cancelled', 'host.dead', 'plugin.active', 'event', ...
  task_id    bigint,
  ord        integer,
  host_id    integer,
  principal  text,
  reason     text,
  data       jsonb not null default '{}');
create index journal_by_task on tasker.journal (task_id, journal_id) where task_id is not null;
