-- name: publish_plugin
select * from tasker.publish_plugin($1, $2, $3, $4, $5, $6::int[], $7, $8, $9, $10, $11::jsonb, $12::jsonb, $13::jsonb,
  clock_timestamp())

-- name: note_plugin_state
select tasker.note_plugin_state($1, $2, $3, $4, $5, $6, $7, $8, clock_timestamp())

-- name: publish_plugins
select * from tasker.publish_plugins($1, $2::jsonb, clock_timestamp())

-- name: note_plugin_states
select tasker.note_plugin_states($1, $2::jsonb, clock_timestamp())

-- name: handler_versions
select v.version, v.template_id, v.plugin_id, v.available, v.context_schema,
       exists (select from tasker.plugin_default d where d.namespace = $1 and d.name = $2 and d.version = v.version)
from tasker.handler_versions($1, $2) v

-- name: needed_plugins
select * from tasker.needed_plugins($1)

-- name: open_tasks_of
select template_id, tasks, oldest_task, to_json(next_wake) #>> '{}' from tasker.open_tasks_of($1::int[])

-- name: note_isolation
select tasker.note_isolation($1, $2, $3)

-- name: plugin_orders_v2
select * from tasker.plugin_orders_v2($1)

-- name: ban_plugin
select tasker.ban_plugin($1, $2, $3, $4, $5, $6, $7, $8, clock_timestamp())

-- name: retry_plugin
select tasker.retry_plugin($1, $2, $3, $4, $5, clock_timestamp())

-- name: retire_plugin
select tasker.retire_plugin($1, $2, $3, $4, $5, clock_timestamp())

-- name: resume_plugin
select tasker.resume_plugin($1, $2, $3, $4, $5, clock_timestamp())

-- name: pin_default
select tasker.pin_default($1, $2, $3, $4, $5, clock_timestamp())
