-- The migrator's own statements. They run before anything else exists.

-- name: server_facts
select current_setting('server_version_num')::int, current_setting('server_encoding'), pg_is_in_recovery(),
  current_setting('fsync')::boolean, current_setting('full_page_writes')::boolean, current_setting('synchronous_commit'),
  current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int,
  (select count(*)::int from pg_stat_activity where backend_type = 'client backend' and pid <> pg_backend_pid())

-- name: migration_lock
select pg_advisory_xact_lock(7091420351)

-- name: migration_tables
create schema if not exists tasker;
create table if not exists tasker.migration (
  number     integer primary key,
  name       text not null,
  applied_at timestamptz not null default clock_timestamp(),
  breaking   boolean not null default false);
create table if not exists tasker.applied_function (
  name       text primary key,                             -- the file's name
  digest     text not null,                                -- SHA-256 of its text
  applied_at timestamptz not null default clock_timestamp())

-- name: migration_table_exists
select to_regclass('tasker.migration') is not null and to_regclass('tasker.applied_function') is not null

-- name: applied_migrations
select number, name from tasker.migration order by number

-- name: insert_migration
insert into tasker.migration (number, name, breaking) values ($1, $2, $3) on conflict (number) do nothing

-- name: applied_functions
select name, digest from tasker.applied_function

-- name: insert_function
insert into tasker.applied_function (name, digest) values ($1, $2)
on conflict (name) do update set digest = excluded.digest, applied_at = clock_timestamp()

-- name: functions_unchecked
set local check_function_bodies = off

-- name: first_partitions
select tasker.ensure_partitions(64, 1)
