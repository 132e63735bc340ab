-- Why a host that has a version does not run it: its runners crashed over and over there.
alter table tasker.host_plugin add column quarantine text;

-- Bytes that crashed what ran them, by their hash. No host tries them again before an operator says so, also after a restart.
create table tasker.plugin_ban (
  at        timestamptz not null,
  host_id   integer not null references tasker.host,       -- which saw it
  sha256    text primary key,
  namespace text not null,
  name      text not null,
  version   text not null,
  code      text not null,
  reason    text not null);
create index plugin_ban_by_version on tasker.plugin_ban (namespace, name, version);

-- The revision of the orders with which an operator last had a version tried again.
alter table tasker.plugin add column retried_in bigint;
create index plugin_retried on tasker.plugin (retried_in) where retried_in is not null;
