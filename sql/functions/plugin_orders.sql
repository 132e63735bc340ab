-- What operators decide about plugin versions. Kept here, heard by every host on the database within a second (plugin_orders_since),
-- and true for those that start later. The one row of plugin_order is locked first, so that decisions come one after the other and
-- what one of them checked still holds when it is written. Each leaves a line in the journal.

-- Refuses what is not in the catalogue: TK014 for a name, TK011 for a version.
create or replace function tasker.known_plugin(p_namespace text, p_name text, p_version text) returns int language plpgsql stable as $$
declare
  v_plugin int;
  v_known  text;
begin
  select p.plugin_id into v_plugin from tasker.plugin_version p
  where p.namespace = p_namespace and p.name = p_name and p.version = p_version;
  if found then
    return v_plugin;
  end if;
  select string_agg(v.version, ', ' order by v.version_core desc, v.plugin_id desc) into v_known from (
    select version, version_core, plugin_id from tasker.handler_version
    where namespace = p_namespace and name = p_name order by version_core desc, plugin_id desc limit 10) v;
  if v_known is null then
    raise exception using errcode = 'TK014', message = format('no plugin %s/%s is known', p_namespace, p_name);
  end if;
  raise exception using errcode = 'TK011', message = format('plugin %s/%s has no version %s; known: %s', p_namespace, p_name, p_version, v_known);
end $$;

create or replace function tasker.note_plugin_order(
  p_kind text, p_namespace text, p_name text, p_version text, p_principal text, p_reason text, p_now timestamptz)
returns void language sql as $$
  insert into tasker.journal (at, kind, principal, reason, data)
  values (p_now, p_kind, p_principal, p_reason, jsonb_build_object('namespace', p_namespace, 'name', p_name, 'version', p_version));
  update tasker.plugin_order set revision = revision + 1;
$$;

-- New tasks do not choose the version any more; tasks that have it go on, and hosts unload it when none is left. The pinned default is
-- not retired: TK013. False: it was retired before.
create or replace function tasker.retire_plugin(
  p_namespace text, p_name text, p_version text, p_principal text, p_reason text, p_now timestamptz)
returns boolean language plpgsql as $$
declare
  v_plugin int;
begin
  perform from tasker.plugin_order for update;
  v_plugin := tasker.known_plugin(p_namespace, p_name, p_version);
  if exists (select from tasker.plugin_default d where d.namespace = p_namespace and d.name = p_name and d.version = p_version) then
    raise exception using errcode = 'TK013',
      message = format('%s/%s %s is the pinned default: tasks without a version would be refused; pin another version, or take the pin away, before it is retired',
                       p_namespace, p_name, p_version);
  end if;
  update tasker.plugin set retired_at = p_now where plugin_id = v_plugin and retired_at is null;
  if not found then
    return false;
  end if;
  perform tasker.note_plugin_order('plugin.retired', p_namespace, p_name, p_version, p_principal, p_reason, p_now);
  return true;
end $$;

-- Takes a retirement back: hosts that still have the version take new tasks for it again, others load it from their file. False: it was not retired.
create or replace function tasker.resume_plugin(
  p_namespace text, p_name text, p_version text, p_principal text, p_reason text, p_now timestamptz)
returns boolean language plpgsql as $$
declare
  v_plugin int;
begin
  perform from tasker.plugin_order for update;
  v_plugin := tasker.known_plugin(p_namespace, p_name, p_version);
  update tasker.plugin set retired_at = null where plugin_id = v_plugin and retired_at is not null;
  if not found then
    return false;
  end if;
  perform tasker.note_plugin_order('plugin.resumed', p_namespace, p_name, p_version, p_principal, p_reason, p_now);
  return true;
end $$;

-- Pins the version that new tasks without one take; null takes the pin away, so that it is the newest stable one again. Refuses a retired
-- version (TK012), and one that no living host takes new tasks for (TK015). False: it was so before.
create or replace function tasker.pin_default(
  p_namespace text, p_name text, p_version text, p_principal text, p_reason text, p_now timestamptz)
returns boolean language plpgsql as $$
declare
  v_plugin int;
begin
  perform from tasker.plugin_order for update;
  if p_version is null then
    if not exists (select from tasker.handler_version v where v.namespace = p_namespace and v.name = p_name) then
      raise exception using errcode = 'TK014', message = format('no plugin %s/%s is known', p_namespace, p_name);
    end if;
    delete from tasker.plugin_default d where d.namespace = p_namespace and d.name = p_name;
  else
    v_plugin := tasker.known_plugin(p_namespace, p_name, p_version);
    if exists (select from tasker.plugin p where p.plugin_id = v_plugin and p.retired_at is not null) then
      raise exception using errcode = 'TK012',
        message = format('%s/%s %s is retired and takes no new tasks; resume it first, or pin another version', p_namespace, p_name, p_version);
    end if;
    if not exists (select from tasker.plugin_version v where v.plugin_id = v_plugin and v.choosing > 0) then
      raise exception using errcode = 'TK015',
        message = format('no living host takes new tasks for %s/%s %s: as the default it would have every task without a version refused; put its file into the plugins folder of a host first',
                         p_namespace, p_name, p_version);
    end if;
    insert into tasker.plugin_default as d (namespace, name, version, pinned_at) values (p_namespace, p_name, p_version, p_now)
    on conflict (namespace, name) do update set version = excluded.version, pinned_at = excluded.pinned_at
    where d.version <> excluded.version;
  end if;
  if not found then
    return false;
  end if;
  perform tasker.note_plugin_order(case when p_version is null then 'plugin.default_unpinned' else 'plugin.default_pinned' end,
                                   p_namespace, p_name, p_version, p_principal, p_reason, p_now);
  return true;
end $$;

-- Remembers bytes that crashed what ran them: no host tries them again before retry_plugin. False: they were remembered before, or an
-- operator has had them tried again since the orders that the host had seen (p_seen), and it will.
create or replace function tasker.ban_plugin(
  p_host int, p_namespace text, p_name text, p_version text, p_sha256 text, p_code text, p_reason text, p_seen bigint,
  p_now timestamptz)
returns boolean language plpgsql as $$
begin
  perform from tasker.plugin_order for update;
  if exists (select from tasker.plugin p
             where p.namespace = p_namespace and p.name = p_name and p.version = p_version and p.retried_in > p_seen) then
    return false;
  end if;
  insert into tasker.plugin_ban (at, host_id, sha256, namespace, name, version, code, reason)
  values (p_now, p_host, p_sha256, p_namespace, p_name, p_version, p_code, p_reason)
  on conflict (sha256) do nothing;
  if not found then
    return false;
  end if;
  update tasker.plugin_order set revision = revision + 1;
  return true;
end $$;

-- Lifts the ban of a version, and has every host try it again: take its file or its kept copy, end its quarantine. TK016 when nothing of
-- it is refused, banned or quarantined anywhere, as far as the database knows.
create or replace function tasker.retry_plugin(
  p_namespace text, p_name text, p_version text, p_principal text, p_reason text, p_now timestamptz)
returns boolean language plpgsql as $$
declare
  v_plugin tasker.plugin;
  v_lifted int;
begin
  perform from tasker.plugin_order for update;
  select * into v_plugin from tasker.plugin p where p.namespace = p_namespace and p.name = p_name and p.version = p_version;
  if not found then
    perform tasker.known_plugin(p_namespace, p_name, p_version);
  end if;
  if p_version ~ '[+.]bound[.][0-9a-f]{8}$' and v_plugin.state = 'quarantined' then
    raise exception using errcode = 'TK016',
      message = format('%s/%s %s has no code of its own: have the plugin that it is bound to tried again; %s',
                       p_namespace, p_name, p_version, v_plugin.reason);
  end if;
  delete from tasker.plugin_ban b
  where b.namespace = p_namespace and b.name = p_name and b.version = p_version or b.sha256 = v_plugin.sha256;
  get diagnostics v_lifted = row_count;
  if v_lifted = 0 and v_plugin.state not in ('refused', 'unavailable')
     and not exists (select from tasker.host_plugin hp join tasker.host h using (host_id)
                     where hp.plugin_id = v_plugin.plugin_id and h.alive and hp.quarantine is not null)
     and not exists (select from tasker.host h cross join lateral (
                       select j.kind from tasker.journal j
                       where j.kind like 'plugin.%' and j.data ->> 'namespace' = p_namespace and j.data ->> 'name' = p_name
                         and j.data ->> 'version' = p_version and j.host_id = h.host_id
                       order by j.journal_id desc limit 1) last
                     where h.alive and last.kind = 'plugin.refused') then
    raise exception using errcode = 'TK016',
      message = format('%s/%s %s is neither refused nor quarantined on any host: there is nothing to try again', p_namespace, p_name, p_version);
  end if;
  update tasker.plugin p set retried_in = (select o.revision + 1 from tasker.plugin_order o) where p.plugin_id = v_plugin.plugin_id;
  perform tasker.note_plugin_order('plugin.retried', p_namespace, p_name, p_version, p_principal, p_reason, p_now);
  return true;
end $$;

-- All that is decided, when it is not what the caller has seen; no row when it is. The row of kind `revision` is always among them; of
-- kind `retried` are those versions only that were to be tried again since then, and none for whoever has seen nothing.
create or replace function tasker.plugin_orders_v2(p_seen bigint)
returns table (revision bigint, kind text, namespace text, name text, version text, sha256 text, code text, reason text)
language sql stable as $$
  select o.revision, w.* from tasker.plugin_order o cross join lateral (
    select 'revision', '', '', '', '', '', ''
    union all select 'retired', p.namespace, p.name, p.version, p.sha256, '', '' from tasker.plugin p where p.retired_at is not null
    union all select 'default', d.namespace, d.name, d.version, '', '', '' from tasker.plugin_default d
    union all select 'banned', b.namespace, b.name, b.version, b.sha256, b.code, tasker.ban_text(b) from tasker.plugin_ban b
    union all select 'retried', p.namespace, p.name, p.version, p.sha256, '', '' from tasker.plugin p
              where p.retried_in > p_seen and p_seen >= 0) w
  where o.revision <> p_seen
$$;

-- For hosts that were built before bytes were banned, and are still running.
create or replace function tasker.plugin_orders_since(p_seen bigint)
returns table (revision bigint, kind text, namespace text, name text, version text, sha256 text)
language sql stable as $$
  select o.revision, o.kind, o.namespace, o.name, o.version, o.sha256 from tasker.plugin_orders_v2(p_seen) o
  where o.kind in ('revision', 'retired', 'default')
$$;

-- What a task without a version takes: the pinned version, else the newest stable one that a living host takes tasks for.
create or replace function tasker.default_version(p_namespace text, p_name text)
returns table (version text, is_pinned boolean, available boolean, pinned_at timestamptz) language sql stable as $$
  (select d.version, true, coalesce((select v.available from tasker.handler_version v
                                     where v.namespace = d.namespace and v.name = d.name and v.version = d.version), false), d.pinned_at
   from tasker.plugin_default d where d.namespace = p_namespace and d.name = p_name)
  union all
  (select v.version, false, true, null from tasker.handler_version v
   where v.namespace = p_namespace and v.name = p_name and v.available and v.pre_release is null
     and not exists (select from tasker.plugin_default d where d.namespace = p_namespace and d.name = p_name)
   order by v.version_core desc, v.plugin_id desc limit 1)
$$;

-- The same for people. Null when there is no such plugin.
create or replace function tasker.show_default(p_namespace text, p_name text) returns jsonb language sql stable as $$
  select jsonb_build_object(
    'namespace', p_namespace, 'name', p_name, 'version', d.version, 'pinned', coalesce(d.is_pinned, false), 'pinned_at', d.pinned_at,
    'available', coalesce(d.available, false), 'versions', v.versions,
    'code', case when d.is_pinned and not d.available then 'handler.default_unavailable' end,
    'reason', case when d.is_pinned and not d.available then tasker.default_trouble() end)
  from (select count(*) as known, coalesce(jsonb_agg(version order by version_core, pre_release nulls last) filter (where available), '[]') as versions
        from tasker.handler_version where namespace = p_namespace and name = p_name) v
    left join tasker.default_version(p_namespace, p_name) d on true
  where v.known > 0
$$;

create or replace function tasker.default_trouble() returns text language sql immutable as $$
  select 'it is the pinned default, and no living host takes new tasks for it: tasks without a version are refused; bring it back, or pin another version'
$$;

-- Pinned defaults that no living host takes new tasks for, as readiness tells them; null when there are none.
create or replace function tasker.missing_defaults() returns text language sql stable as $$
  select string_agg(format('%s/%s %s', d.namespace, d.name, d.version), ', ' order by d.namespace, d.name)
  from tasker.plugin_default d
  where not exists (select from tasker.handler_version v
                    where v.namespace = d.namespace and v.name = d.name and v.version = d.version and v.available)
$$;

-- In whose process this host runs these versions, where it is not its own.
create or replace function tasker.note_isolation(p_host int, p_plugin int, p_isolation text) returns void language sql as $$
  update tasker.host_plugin set isolation = p_isolation where host_id = p_host and plugin_id = p_plugin
$$;
