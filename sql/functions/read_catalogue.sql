-- What the API shows of namespaces, handlers and plugins. A version is available when a living host has loaded it and
-- takes new tasks for it; one that is quarantined there does not.

create or replace view tasker.handler_version as
  select n.name as namespace, d.name, d.version, d.version_core, d.pre_release, d.template_id, d.plugin_id,
         exists (select from tasker.host_plugin hp join tasker.host h using (host_id)
                 where hp.plugin_id = d.plugin_id and h.alive and not hp.draining and hp.quarantine is null) as available
  from tasker.template d join tasker.namespace n using (namespace_id);

-- Lists are read in pages: at most p_limit entries behind p_after, and in `next` what to ask for to get those behind them.
create or replace function tasker.list_namespaces(p_now timestamptz, p_limit int, p_after text) returns jsonb
language sql stable as $$
  with c as (select namespace, count(distinct name) as handlers from tasker.handler_version where available group by 1),
  page as (select * from tasker.namespace where p_after is null or name > p_after order by name limit p_limit + 1),
  numbered as (select p.*, row_number() over (order by p.name) as rn from page p)
  select jsonb_build_object(
    'namespaces', coalesce((select jsonb_agg(jsonb_build_object('name', n.name, 'description', n.description,
                                                                'handler_count', coalesce(c.handlers, 0)) order by n.name)
                            from numbered n left join c on c.namespace = n.name where n.rn <= p_limit), '[]'),
    'next', (select tasker.cursor('namespace', max(name)) from numbered
             where rn <= p_limit and (select count(*) from numbered) > p_limit),
    'total_namespaces', (select count(*) from tasker.namespace), 'generated_at', p_now)
$$;

-- Null when there is no such namespace. p_after is the name of a handler.
create or replace function tasker.list_handlers(p_namespace text, p_limit int, p_after text) returns jsonb
language sql stable as $$
  with v as (select * from tasker.handler_version where namespace = p_namespace),
  h as (
    select name,
           coalesce(jsonb_agg(version order by version_core, pre_release nulls last) filter (where available), '[]') as versions,
           (array_agg(version order by version_core desc, pre_release desc nulls first)
              filter (where available and pre_release is null))[1] as latest,
           count(*) filter (where available) as available, row_number() over (order by name) as rn
    from v where p_after is null or name > p_after group by name order by name limit p_limit + 1)
  select jsonb_build_object(
    'namespace', p_namespace,
    'handlers', coalesce((select jsonb_agg(jsonb_build_object(
        'name', name, 'namespace', p_namespace, 'versions', versions, 'latest_version', latest, 'handler_count', available,
        'default_version', (select f.version from tasker.default_version(p_namespace, name) f),
        'available', available > 0) order by name) from h where rn <= p_limit), '[]'),
    'next', (select tasker.cursor('handler', max(name)) from h where rn <= p_limit and (select count(*) from h) > p_limit),
    'total_handlers', (select count(distinct name) from v))
  where exists (select from tasker.namespace where name = p_namespace)
$$;

-- One handler with its graph. p_version null: the pinned default, else the newest stable one that is available. Null when there is none.
-- The top level is the shape of the seed's README; `handler` holds the predecessor's richer one.
create or replace function tasker.show_handler(p_namespace text, p_name text, p_version text) returns jsonb
language sql stable as $$
  with v as (
    select * from tasker.handler_version
    where namespace = p_namespace and name = p_name
      and (version = p_version or p_version is null and coalesce(
             version = (select f.version from tasker.plugin_default f where f.namespace = p_namespace and f.name = p_name),
             pre_release is null))
    order by available desc, version_core desc limit 1),
  step as (
    select ts.*, coalesce((select jsonb_agg(p.name order by p.ord) from tasker.template_edge e
                           join tasker.template_step p on p.template_id = e.template_id and p.ord = e.from_ord
                           where e.template_id = ts.template_id and e.to_ord = ts.ord), '[]') as parent_names,
           (select s from jsonb_array_elements(d.definition -> 'step_templates') s where s ->> 'name' = ts.name limit 1) as def
    from v join tasker.template d using (template_id) join tasker.template_step ts on ts.template_id = d.template_id),
  templates as (
    select jsonb_agg(jsonb_build_object(
      'name', name, 'description', description, 'dependent_system', dependent_system,
      'depends_on_step', parent_names -> 0, 'depends_on_steps', parent_names,
      'handler_class', coalesce(def ->> 'handler_class', handler), 'handler', handler,
      'configuration', coalesce(def -> 'handler_config', '{}'), 'default_retryable', retryable,
      'default_retry_limit', retry_limit, 'skippable', skippable,
      'custom_events', coalesce(def -> 'custom_events', '[]')) order by ord) as list from step),
  edge as (
    select f.name as from_name, t.name as to_name, f.ord as from_ord, t.ord as to_ord
    from v join tasker.template_edge e using (template_id)
           join tasker.template_step f on f.template_id = e.template_id and f.ord = e.from_ord
           join tasker.template_step t on t.template_id = e.template_id and t.ord = e.to_ord)
  select jsonb_build_object(
    'id', v.name, 'name', v.name, 'namespace', v.namespace, 'version', v.version,
    'full_name', v.namespace || '.' || v.name || '@' || v.version, 'class_name', d.class_name, 'description', d.description,
    'available', v.available, 'schema', d.context_schema, 'step_templates', templates.list,
    'dependency_graph', jsonb_build_object(
      'nodes', (select jsonb_agg(name order by ord) from step),
      'edges', coalesce((select jsonb_agg(jsonb_build_object('from', from_name, 'to', to_name) order by from_ord, to_ord)
                         from edge), '[]'),
      'execution_order', (select jsonb_agg(name order by ord) from step)))
  from v join tasker.template d using (template_id), templates
$$;

-- Every version that was ever published: how many living hosts run it, how many take new tasks for it, and on how many it is quarantined.
create or replace view tasker.plugin_version as
  select p.plugin_id, p.namespace, p.name, p.version, p.sha256, p.state, p.code, p.reason, p.changed_at, d.template_id,
         count(h.host_id) filter (where hp.quarantine is null) as hosts,
         count(h.host_id) filter (where not hp.draining and hp.quarantine is null) as choosing, p.retired_at,
         string_agg(distinct hp.isolation, ', ') filter (where h.host_id is not null) as isolation,
         exists (select from tasker.plugin_default f
                 where f.namespace = p.namespace and f.name = p.name and f.version = p.version) as is_pinned,
         count(h.host_id) filter (where hp.quarantine is not null) as quarantined
  from tasker.plugin p join tasker.template d using (plugin_id)
    left join tasker.host_plugin hp using (plugin_id) left join tasker.host h on h.host_id = hp.host_id and h.alive
  group by p.plugin_id, d.template_id;

-- A version as the API shows it: with the state that the living hosts give it, and what still needs it.
create or replace function tasker.plugin_row(v tasker.plugin_version) returns jsonb language sql stable as $$
  select jsonb_build_object(
    'plugin_id', v.plugin_id, 'namespace', v.namespace, 'name', v.name, 'version', v.version, 'state', s.state,
    'sha256', v.sha256, 'hosts', v.hosts, 'quarantined_hosts', v.quarantined, 'since', v.changed_at,
    'open_tasks', least(n.tasks, 1000), 'more_open_tasks', n.tasks > 1000, 'oldest_task', n.oldest_task,
    'oldest_task_at', n.oldest_at, 'next_wake', n.next_wake, 'isolation', v.isolation, 'retired_at', v.retired_at, 'pinned', v.is_pinned,
    'code', case when s.is_missed or not s.is_left and w.code <> 'plugin.not_loaded' then w.code
                 when v.is_pinned and v.choosing = 0 then 'handler.default_unavailable' end,
    'reason', nullif(concat_ws('; ', case when s.is_missed
                   then format('%s %s: %s', tasker.count_text(n.tasks), case n.tasks when 1 then 'open task waits' else 'open tasks wait' end, w.sentence)
                   when s.is_left then 'an operator retired it, and no open task has it'
                   when w.code <> 'plugin.not_loaded' then w.sentence
                   when s.state = 'unavailable' then 'no living host has loaded it, and no open task needs it'
                   when v.state = s.state then v.reason end,
                   case when v.is_pinned and v.choosing = 0 then tasker.default_trouble() end), ''))
  from tasker.open_tasks_of(array[v.template_id]) n
    left join tasker.plugin_ban b on b.sha256 = v.sha256
    cross join lateral (
      select case when v.choosing > 0 then 'active' when v.hosts > 0 then 'draining' when v.quarantined > 0 then 'quarantined'
                  when n.tasks = 0 and v.state in ('finishing', 'stuck', 'unloaded', 'resident') then v.state
                  when n.tasks = 0 and v.retired_at is not null then 'unloaded'
                  when b.sha256 is not null then 'refused' else 'unavailable' end as state,
             v.hosts = 0 and n.tasks > 0 as is_missed,
             v.hosts = 0 and v.quarantined = 0 and n.tasks = 0 and v.retired_at is not null as is_left) s
    left join lateral tasker.why_not_run(v.plugin_id) w on v.hosts = 0 or v.quarantined > 0
$$;

-- Files that a host refused or ignored are not in the catalogue: the host that is asked adds its own. Old development builds are
-- left out. In the order of namespace, name and age; p_after is a plugin_id.
create or replace function tasker.list_plugins(p_limit int, p_after int) returns jsonb language sql stable as $$
  with shown as (
    select v from tasker.plugin_version v
    where (p_after is null
           or (v.namespace, v.name, v.plugin_id) > (select a.namespace, a.name, a.plugin_id from tasker.plugin a where a.plugin_id = p_after))
      and (hosts > 0 or is_pinned or version !~ '[+.](dev|bound)\.[0-9a-f]{8}\Z'
           or exists (select from tasker.task t where t.template_id = v.template_id and t.finished_at is null))
    order by namespace, name, plugin_id limit p_limit + 1),
  numbered as (select v, row_number() over (order by (v).namespace, (v).name, (v).plugin_id) as rn, count(*) over () as found from shown),
  chosen as (select n.namespace, n.name, f.version from (select distinct (v).namespace, (v).name from shown) n
               cross join lateral tasker.default_version(n.namespace, n.name) f)
  select jsonb_build_object(
    'next', tasker.cursor('plugin', (max((v).plugin_id) filter (where rn = p_limit and found > p_limit))::text),
    'plugins', coalesce(jsonb_agg(tasker.plugin_row(v) || jsonb_build_object('default', c.version is not null) order by rn)
                          filter (where rn <= p_limit), '[]'))
  from numbered left join chosen c on c.namespace = (v).namespace and c.name = (v).name and c.version = (v).version
$$;

-- All that is known of one version: its row, its handlers, the last 50 lines of its history on all hosts, the last 10 crashes of hosts
-- that it is to blame for. Null when there is no such version.
create or replace function tasker.show_plugin(p_namespace text, p_name text, p_version text) returns jsonb language sql stable as $$
  select tasker.plugin_row(v) || jsonb_build_object(
    'default', exists (select from tasker.default_version(p_namespace, p_name) f where f.version = v.version),
    'handlers', (select jsonb_agg(handler order by first) from (
      select s.handler, min(s.ord) as first from tasker.template_step s where s.template_id = v.template_id group by s.handler) h),
    'history', coalesce((select jsonb_agg(jsonb_build_object(
        'at', j.at, 'what', substr(j.kind, 8), 'host_id', j.host_id, 'principal', j.principal, 'code', j.data ->> 'code', 'reason', j.reason)
        order by j.journal_id) from (
      select * from tasker.journal l
      where l.kind like 'plugin.%' and l.data ->> 'namespace' = p_namespace and l.data ->> 'name' = p_name and l.data ->> 'version' = p_version
      order by l.journal_id desc limit 50) j), '[]'),
    'crashes', coalesce((select jsonb_agg(jsonb_build_object(
        'at', c.at, 'host_id', c.host_id, 'signal', c.signal, 'step', c.step, 'task_id', nullif(c.task_id, 0)) order by c.at desc) from (
      select * from tasker.host_crash k where k.plugin = format('%s/%s %s', p_namespace, p_name, p_version) order by k.at desc limit 10) c), '[]'))
  from tasker.plugin_version v where namespace = p_namespace and name = p_name and version = p_version
$$;

create or replace function tasker.why_not_loaded(p_state text, p_reason text) returns text language sql immutable as $$
  select 'no living host has loaded it' || case when p_state in ('refused', 'unavailable') and p_reason is not null
    then '; ' || p_reason else '; put its file into the plugins folder of a host' end
$$;

-- What is told of bytes that crashed what ran them, to hosts and to people.
create or replace function tasker.ban_text(b tasker.plugin_ban) returns text language sql stable as $$
  select format('these bytes are not tried again: %s (on host %s, %s); `tasker plugin retry %s/%s@%s` tries them again', b.reason, b.host_id,
                to_char(b.at at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), b.namespace, b.name, b.version)
$$;

-- Why a version does not run where it might: quarantined on these hosts, banned, or simply not there.
create or replace function tasker.why_not_run(p_plugin int, out code text, out sentence text) language sql stable as $$
  select case when q.hosts is not null then 'plugin.quarantined' when b.sha256 is not null then b.code else 'plugin.not_loaded' end,
         case when q.hosts is not null then format('it is quarantined on host %s: %s', q.hosts, q.reason)
              when b.sha256 is not null then 'no living host has loaded it; ' || tasker.ban_text(b)
              else tasker.why_not_loaded(p.state, p.reason) end
  from tasker.plugin p left join tasker.plugin_ban b on b.sha256 = p.sha256
    cross join lateral (
      select string_agg(format('%s (%s)', h.host_id, h.name), ', ' order by h.host_id) as hosts,
             (array_agg(hp.quarantine order by h.host_id))[1] as reason
      from tasker.host_plugin hp join tasker.host h using (host_id)
      where hp.plugin_id = p_plugin and h.alive and hp.quarantine is not null) q
  where p.plugin_id = p_plugin
$$;

-- Why a step of this plugin version cannot run anywhere; null when a living host runs it.
create or replace function tasker.plugin_trouble(p_plugin int) returns jsonb language sql stable as $$
  select jsonb_build_object('code', w.code, 'message', format('plugin %s/%s %s: %s', p.namespace, p.name, p.version, w.sentence))
  from tasker.plugin p cross join lateral tasker.why_not_run(p_plugin) w
  where p.plugin_id = p_plugin and tasker.living_hosts(p_plugin) = 0
$$;

-- Versions of one handler, for choosing by semver range in the host.
create or replace function tasker.handler_versions(p_namespace text, p_name text)
returns table (version text, template_id int, plugin_id int, available boolean, context_schema jsonb)
language sql stable as $$
  select v.version, v.template_id, v.plugin_id, v.available, d.context_schema
  from tasker.handler_version v join tasker.template d using (template_id)
  where v.namespace = p_namespace and v.name = p_name
$$;
