-- Which step took a host down with it: the dying process wrote it down, and the next host that shares its state folder, or
-- takes its steps over, noted it here. A row for each life of a host that ended so.
create table tasker.host_crash (
  at       timestamptz not null,
  task_id  bigint not null,
  host_id  integer primary key references tasker.host,
  ord      integer not null,
  claim_no integer not null,
  signal   text not null,
  plugin   text not null,                                  -- namespace/name version
  step     text not null);
create index host_crash_by_step on tasker.host_crash (task_id, ord);
alter table tasker.setting add column crash_limit smallint not null default 2;   -- crashes of its host that end a step
