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
select * from tasker.handler_versions($1, $2)

-- name: needed_plugins
select * from tasker.needed_plugins($1)

-- name: open_tasks_of
select template_id, tasks, oldest_task, to_json(next_wake) #>> '{}' from tasker.open_tasks_of($1::int[])
