-- What operators decide about plugin versions, for all hosts and over restarts: which are retired, and which one new tasks without a
-- version take. A revision that grows with every decision tells hosts whether there is news.
alter table tasker.plugin add column retired_at timestamptz;
create index plugin_retired on tasker.plugin (plugin_id) where retired_at is not null;

create table tasker.plugin_default (
  namespace text not null,
  name      text not null,
  version   text not null,
  pinned_at timestamptz not null,
  primary key (namespace, name));

create table tasker.plugin_order (
  only_row boolean primary key default true check (only_row),
  revision bigint not null default 1);
insert into tasker.plugin_order default values;

-- In whose process a host runs the version.
alter table tasker.host_plugin add column isolation text not null default 'in_process';

-- A version's history, and the crashes that it is to blame for.
create index journal_by_plugin on tasker.journal ((data ->> 'namespace'), (data ->> 'name'), (data ->> 'version'), journal_id)
  where kind like 'plugin.%';
create index host_crash_by_plugin on tasker.host_crash (plugin, at);
