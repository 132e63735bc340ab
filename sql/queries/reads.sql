-- name: find_tasks
select tasker.find_tasks($1::jsonb, $2, $3)

-- name: show_tasks
select * from tasker.show_tasks($1::bigint[])

-- Those that have ended, or that nobody knows: there is nothing to wait for.
-- name: ended_tasks
select u.id from unnest($1::bigint[]) u(id) where not exists (
  select from tasker.task t where t.lane = tasker.lane_of(u.id) and t.task_id = u.id and t.finished_at is null)

-- name: find_idempotency_key
select k.digest = decode($2, 'hex'), k.tasks from tasker.idempotency_key k where k.key = $1 and k.expires_at > clock_timestamp()

-- name: list_namespaces
select tasker.list_namespaces(clock_timestamp(), $1, $2)

-- name: list_handlers
select tasker.list_handlers($1, $2, $3)

-- name: show_handler
select tasker.show_handler($1, $2, $3)

-- name: list_plugins
select tasker.list_plugins($1, $2)

-- name: show_plugin
select tasker.show_plugin($1, $2, $3)

-- name: show_default
select tasker.show_default($1, $2)

-- name: missing_defaults
select coalesce(tasker.missing_defaults(), '')

-- name: queue_gauges
select * from tasker.queue_gauges(clock_timestamp())
