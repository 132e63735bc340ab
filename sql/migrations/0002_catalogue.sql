-- What can run: namespaces, templates (task definitions), and the plugin versions whose handlers run them.
-- Small, read often, changed when a plugin is dropped. Rows of a version never change once written.

create table tasker.namespace (
  namespace_id integer generated always as identity primary key,
  name         text not null unique,
  description  text not null default '');

create table tasker.plugin (
  plugin_id  integer generated always as identity primary key,
  namespace  text not null,
  name       text not null,
  version    text not null,
  sha256     text not null,
  state      text not null,
  code       text,                                      -- why it was refused: the stable code
  reason     text,                                      -- and the sentence
  changed_at timestamptz not null default now(),
  unique (namespace, name, version));

create table tasker.template (
  template_id    integer generated always as identity primary key,
  namespace_id   integer not null references tasker.namespace,
  name           text not null,
  version        text not null,
  version_core   integer[] not null,                    -- {major, minor, patch}: order without parsing
  pre_release    text,                                  -- null for a stable version
  description    text not null default '',
  class_name     text not null default '',
  plugin_id      integer not null references tasker.plugin,
  digest         text not null,
  definition     jsonb not null,
  context_schema jsonb,
  sinks          integer not null,                      -- steps without children
  created_at     timestamptz not null default now(),
  unique (namespace_id, name, version));

create table tasker.template_step (
  template_id      integer not null references tasker.template,
  ord              integer not null check (ord between 1 and 16383),
  named_step_id    integer generated always as identity unique,
  name             text not null,
  handler          text not null,
  parents          integer not null,                    -- how many
  children         integer[],                           -- null for a sink; copied into each step row
  plugin_id        integer not null references tasker.plugin,
  retryable        boolean not null,
  retry_limit      smallint not null,
  skippable        boolean not null default false,
  dependent_system text,
  description      text not null default '',
  primary key (template_id, ord),
  unique (template_id, name));

-- For reading graphs; the engine follows step.children.
create table tasker.template_edge (
  template_id integer not null references tasker.template,
  from_ord    integer not null,
  to_ord      integer not null,
  primary key (template_id, to_ord, from_ord));

create table tasker.dependent_system (
  dependent_system_id integer generated always as identity primary key,
  name                text not null unique,
  description         text not null default '');

-- Links the ids of one entity in two systems; (one, two) is kept in id order so that both directions are one row.
create table tasker.object_map (
  object_map_id bigint generated always as identity primary key,
  system_one    integer not null references tasker.dependent_system,
  system_two    integer not null references tasker.dependent_system,
  remote_id_one text not null,
  remote_id_two text not null,
  check (system_one <= system_two),
  unique (system_one, system_two, remote_id_one, remote_id_two));

create table tasker.annotation_type (
  annotation_type_id integer generated always as identity primary key,
  name               text not null unique,
  description        text not null default '');
