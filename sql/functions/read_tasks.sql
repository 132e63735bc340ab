-- What the API shows of tasks, as JSON built here and passed through by the host untouched.

create or replace function tasker.task_head(t tasker.task) returns jsonb language sql stable as $$
  select jsonb_build_object(
    'task_id', t.task_id, 'name', d.name, 'namespace', n.name, 'version', d.version,
    'full_name', n.name || '.' || d.name || '@' || d.version, 'plugin_version', p.version,
    'status', tasker.seed_status(t.state), 'detail', t.state, 'complete', t.state = 'complete', 'priority', t.priority,
    'initiator', t.initiator, 'source_system', t.source_system, 'reason', t.reason, 'tags', t.tags,
    'correlation_id', t.correlation_id, 'traceparent', t.traceparent, 'requested_at', t.created_at, 'created_at', t.created_at, 'start_at', t.start_at,
    'finished_at', t.finished_at)
  from tasker.template d join tasker.namespace n using (namespace_id) join tasker.plugin p on p.plugin_id = d.plugin_id
  where d.template_id = t.template_id
$$;

-- Whole tasks with their steps and every attempt: one row a known task.
create or replace function tasker.show_tasks(p_tasks bigint[])
returns table (task_id bigint, body jsonb) language sql stable as $$
  select t.task_id, jsonb_build_object('task', tasker.task_head(t) || jsonb_build_object(
    'context', t.context, 'bypass_steps', '[]'::jsonb,
    'task_annotations', coalesce((
      select jsonb_agg(jsonb_build_object('task_id', a.task_id, 'task_annotation_id', a.annotation_no,
                                          'annotation', a.annotation, 'annotation_type_name', y.name)
                       order by a.annotation_no)
      from tasker.annotation a join tasker.annotation_type y using (annotation_type_id)
      where a.lane = t.lane and a.task_id = t.task_id), '[]'),
    'workflow_steps', coalesce((
      select jsonb_agg(jsonb_build_object(
        'workflow_step_id', tasker.workflow_step_id(s.task_id, s.ord), 'task_id', s.task_id, 'ord', s.ord, 'name', ts.name,
        'named_step_id', ts.named_step_id, 'description', ts.description, 'status', tasker.seed_status(s.state), 'detail', s.state,
        'attempts', s.attempts, 'retry_limit', s.retry_limit, 'retryable', s.retryable, 'skippable', ts.skippable,
        'processed', tasker.satisfies_child(s.state), 'in_process', s.state = 'in_progress',
        'processed_at', last.finished_at, 'last_attempted_at', h.last_finished_at,
        'next_retry_at', case when s.state = 'waiting_for_retry' then s.run_at end,
        'backoff_request_seconds', case when s.state = 'waiting_for_retry'
                                        then round(extract(epoch from s.run_at - h.last_finished_at)) end,
        'waiting_for', case when s.state in ('pending', 'ready', 'waiting_for_retry') and t.finished_at is null
                            then tasker.plugin_trouble(s.plugin_id) end,
        'inputs', t.context, 'results', last.result,
        'last_error', case when s.state in ('error', 'waiting_for_retry') then h.last_error end,
        'depends_on', coalesce(edges.parent_names, '[]'), 'parents_ids', coalesce(edges.parents, '[]'),
        'children_ids', coalesce((select jsonb_agg(tasker.workflow_step_id(s.task_id, c) order by c)
                                  from unnest(s.children) c), '[]'),
        'siblings_ids', coalesce((
          select jsonb_agg(tasker.workflow_step_id(s.task_id, o.ord) order by o.ord) from tasker.template_step o
          where o.template_id = t.template_id and o.ord <> s.ord and o.parents = ts.parents
            and array(select from_ord from tasker.template_edge where template_id = t.template_id and to_ord = o.ord order by 1)
              = array(select from_ord from tasker.template_edge where template_id = t.template_id and to_ord = s.ord order by 1)
          ), '[]'),
        'attempt_history', coalesce(h.history, '[]')) order by s.ord)
      from tasker.step s
        join tasker.template_step ts on ts.template_id = t.template_id and ts.ord = s.ord
        left join tasker.attempt last on last.lane = s.lane and last.task_id = s.task_id and last.ord = s.ord
                                     and last.claim_no = s.claim_no and last.outcome = 'ok'
        cross join lateral (
          select jsonb_agg(jsonb_build_object(
                   'attempt', a.attempt, 'claim_no', a.claim_no, 'outcome', a.outcome, 'code', a.error_code,
                   'message', a.message, 'error', case when a.outcome <> 'ok' then a.result end,
                   'claimed_at', a.claimed_at, 'started_at', a.started_at, 'finished_at', a.finished_at,
                   'next_run_at', a.run_at, 'duration_ms', round(extract(epoch from a.finished_at - a.started_at) * 1000, 3),
                   'host_id', a.host_id, 'plugin_version', p.version) order by a.claim_no) as history,
                 max(a.finished_at) as last_finished_at,
                 (array_agg(jsonb_build_object('code', a.error_code, 'message', a.message) order by a.claim_no desc)
                    filter (where a.outcome <> 'ok'))[1] as last_error
          from tasker.attempt a join tasker.plugin p using (plugin_id)
          where a.lane = s.lane and a.task_id = s.task_id and a.ord = s.ord) h
        cross join lateral (
          select jsonb_agg(tasker.workflow_step_id(s.task_id, e.from_ord) order by e.from_ord) as parents,
                 jsonb_agg(pt.name order by e.from_ord) as parent_names
          from tasker.template_edge e join tasker.template_step pt on pt.template_id = e.template_id and pt.ord = e.from_ord
          where e.template_id = t.template_id and e.to_ord = s.ord) edges
      where s.lane = t.lane and s.task_id = t.task_id), '[]')))
  from unnest(p_tasks) u(id) join tasker.task t on t.lane = tasker.lane_of(u.id) and t.task_id = u.id
$$;
