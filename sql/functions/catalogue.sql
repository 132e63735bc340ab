-- Plugins and templates enter the catalogue once and never change: a version whose bytes or definition differ from what
-- is stored is refused (TK010).
create or replace function tasker.publish_plugin(
  p_host int, p_namespace text, p_name text, p_version text, p_sha256 text, p_version_core int[], p_pre_release text,
  p_description text, p_class_name text, p_digest text, p_definition jsonb, p_schema jsonb, p_steps jsonb,
  p_now timestamptz)
returns table (plugin_id int, template_id int) language plpgsql as $$
#variable_conflict use_column
declare
  v_plugin    int;
  v_sha       text;
  v_namespace int;
  v_template  int;
  v_digest    text;
begin
  if p_version ~ '[+.]bound[.]' then
    perform tasker.lock_bindings();
  end if;
  insert into tasker.plugin (namespace, name, version, sha256, state, changed_at)
  values (p_namespace, p_name, p_version, p_sha256, 'active', p_now)
  on conflict (namespace, name, version) do update set state = 'active', code = null, reason = null, changed_at = p_now
  where tasker.plugin.sha256 = p_sha256 or not exists (select from tasker.template t where t.plugin_id = tasker.plugin.plugin_id)
  returning plugin_id, sha256 into v_plugin, v_sha;
  if v_plugin is null then
    raise exception using errcode = 'TK010',
      message = format('plugin %s/%s %s is already known with other bytes', p_namespace, p_name, p_version);
  end if;
  if v_sha <> p_sha256 then
    update tasker.plugin set sha256 = p_sha256 where plugin_id = v_plugin;
  end if;

  -- A workflow without code has a version for each set of plugins that it was bound to; its text is one and the same.
  if p_version ~ '[+.]bound[.][0-9a-f]{8}$' and exists (
      select from tasker.template t join tasker.namespace n using (namespace_id)
      where n.name = p_namespace and t.name = p_name and t.version_core = p_version_core and t.digest <> p_digest
        and t.version ~ '[+.]bound[.][0-9a-f]{8}$'
        and regexp_replace(t.version, '[+.]bound[.][0-9a-f]{8}$', '') = regexp_replace(p_version, '[+.]bound[.][0-9a-f]{8}$', '')) then
    raise exception using errcode = 'TK010',
      message = format('workflow %s/%s %s is already known with another text', p_namespace, p_name,
                       regexp_replace(p_version, '[+.]bound[.][0-9a-f]{8}$', ''));
  end if;

  insert into tasker.namespace (name) values (p_namespace) on conflict (name) do nothing;
  select namespace_id into v_namespace from tasker.namespace where name = p_namespace;

  insert into tasker.template (namespace_id, name, version, version_core, pre_release, description, class_name, plugin_id,
                               digest, definition, context_schema, sinks)
  values (v_namespace, p_name, p_version, p_version_core, p_pre_release, p_description, p_class_name, v_plugin, p_digest,
          p_definition, p_schema,
          (select count(*) from jsonb_array_elements(p_steps) s where jsonb_array_length(s -> 'children') = 0))
  on conflict (namespace_id, name, version) do nothing
  returning template_id into v_template;
  if v_template is null then
    select t.template_id, t.digest into v_template, v_digest from tasker.template t
    where t.namespace_id = v_namespace and t.name = p_name and t.version = p_version;
    if v_digest <> p_digest then
      raise exception using errcode = 'TK010',
        message = format('template %s/%s %s is already known with another definition', p_namespace, p_name, p_version);
    end if;
  else
    insert into tasker.template_step (template_id, ord, name, handler, parents, children, plugin_id, retryable, retry_limit,
                                      skippable, dependent_system, description)
    select v_template, (s ->> 'ord')::int, s ->> 'name', s ->> 'handler', jsonb_array_length(s -> 'parents'),
           (select array_agg(c::int order by c::int) from jsonb_array_elements_text(s -> 'children') c), v_plugin,
           (s ->> 'retryable')::boolean, (s ->> 'retry_limit')::smallint, (s ->> 'skippable')::boolean,
           nullif(s ->> 'dependent_system', ''), s ->> 'description'
    from jsonb_array_elements(p_steps) s;
    insert into tasker.template_edge (template_id, from_ord, to_ord)
    select v_template, p::int, (s ->> 'ord')::int
    from jsonb_array_elements(p_steps) s cross join jsonb_array_elements_text(s -> 'parents') p;
    insert into tasker.dependent_system (name)
    select distinct s ->> 'dependent_system' from jsonb_array_elements(p_steps) s where s ->> 'dependent_system' <> ''
    on conflict (name) do nothing;
    insert into tasker.journal (at, kind, host_id, data)
    values (p_now, 'plugin.published', p_host,
            jsonb_build_object('namespace', p_namespace, 'name', p_name, 'version', p_version, 'sha256', p_sha256));
  end if;
  insert into tasker.host_plugin (host_id, plugin_id) values (p_host, v_plugin)
  on conflict (host_id, plugin_id) do update set draining = false, quarantine = null;
  return query select v_plugin, v_template;
end $$;

-- Two hosts with other texts of one workflow would both find that the other's is not there.
create or replace function tasker.lock_bindings() returns void language sql as $$
  select pg_advisory_xact_lock(hashtextextended('tasker.bindings', 0))
$$;

-- Many at once, for a start on thousands: the answers in the order of the array. One that is refused refuses all.
create or replace function tasker.publish_plugins(p_host int, p_plugins jsonb, p_now timestamptz)
returns table (plugin_id int, template_id int) language plpgsql as $$
declare
  v jsonb;
begin
  if exists (select from jsonb_array_elements(p_plugins) e where e ->> 'version' ~ '[+.]bound[.]') then
    perform tasker.lock_bindings();  -- before any row
  end if;
  for v in select value from jsonb_array_elements(p_plugins) with ordinality order by ordinality loop
    return query select * from tasker.publish_plugin(
      p_host, v ->> 'namespace', v ->> 'name', v ->> 'version', v ->> 'sha256',
      (select array_agg(n::int order by o) from jsonb_array_elements_text(v -> 'version_core') with ordinality c (n, o)),
      v ->> 'pre_release', v ->> 'description', v ->> 'class_name', v ->> 'digest', v -> 'definition',
      nullif(v -> 'schema', 'null'), v -> 'steps', p_now);
  end loop;
end $$;

-- A plugin's state on this host, as people see it: refused with its reason, draining, ... Kept by (namespace, name,
-- version); a refused file of a version that is active elsewhere does not hide the active one. A quarantined one is on this host and
-- not run there. From `finishing` on this host has it no more.
create or replace function tasker.note_plugin_state(
  p_host int, p_namespace text, p_name text, p_version text, p_sha256 text, p_state text, p_code text, p_reason text,
  p_now timestamptz)
returns void language plpgsql as $$
begin
  insert into tasker.plugin (namespace, name, version, sha256, state, code, reason, changed_at)
  values (p_namespace, p_name, p_version, p_sha256, p_state, p_code, p_reason, p_now)
  on conflict (namespace, name, version) do update
    set state = p_state, code = p_code, reason = p_reason, changed_at = p_now
    where tasker.plugin.sha256 = p_sha256;
  update tasker.host_plugin hp set draining = p_state = 'draining', quarantine = case p_state when 'quarantined' then coalesce(p_reason, '') end
  from tasker.plugin p
  where p_state in ('active', 'draining', 'quarantined') and hp.host_id = p_host and hp.plugin_id = p.plugin_id
    and p.namespace = p_namespace and p.name = p_name and p.version = p_version and p.sha256 = p_sha256;
  delete from tasker.host_plugin hp using tasker.plugin p
  where p_state in ('finishing', 'stuck', 'unloaded', 'resident') and hp.host_id = p_host and hp.plugin_id = p.plugin_id
    and p.namespace = p_namespace and p.name = p_name and p.version = p_version and p.sha256 = p_sha256;
  insert into tasker.journal (at, kind, host_id, reason, data)
  values (p_now, 'plugin.' || p_state, p_host, p_reason,
          jsonb_build_object('namespace', p_namespace, 'name', p_name, 'version', p_version, 'sha256', p_sha256,
                             'code', p_code));
end $$;

create or replace function tasker.note_plugin_states(p_host int, p_notes jsonb, p_now timestamptz)
returns void language plpgsql as $$
declare
  v jsonb;
begin
  for v in select value from jsonb_array_elements(p_notes) with ordinality order by ordinality loop
    perform tasker.note_plugin_state(p_host, v ->> 'namespace', v ->> 'name', v ->> 'version', v ->> 'sha256',
                                     v ->> 'state', v ->> 'code', v ->> 'reason', p_now);
  end loop;
end $$;

-- The versions that open tasks have and this host has not loaded, how many those are (1001: more than 1000), and how many living
-- hosts have them: what a host looks for among its private copies.
create or replace function tasker.needed_plugins(p_host int)
returns table (namespace text, name text, version text, sha256 text, open_tasks bigint, hosts bigint)
language sql stable as $$
  select p.namespace, p.name, p.version, p.sha256, n.tasks, tasker.living_hosts(p.plugin_id)
  from (select p.*, o.template_id from tasker.open_templates() o join tasker.template d using (template_id) join tasker.plugin p using (plugin_id)
        where not exists (select from tasker.host_plugin hp where hp.host_id = p_host and hp.plugin_id = p.plugin_id)
        offset 0) p  -- so that only what is missing is counted
    cross join lateral tasker.open_tasks_of(array[p.template_id]) n
  where n.tasks > 0
$$;

-- The living hosts that run a version, for new tasks or only for those that have it.
create or replace function tasker.living_hosts(p_plugin int) returns bigint language sql stable as $$
  select count(*) from tasker.host_plugin hp join tasker.host h using (host_id) where hp.plugin_id = p_plugin and h.alive and hp.quarantine is null
$$;
