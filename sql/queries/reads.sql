-- name: list_tasks
select tasker.list_tasks($1, $2, $3, $4, $5, $6)

-- name: show_tasks
select * from tasker.show_tasks($1::bigint[])

-- name: list_namespaces
select tasker.list_namespaces(clock_timestamp())

-- name: list_handlers
select tasker.list_handlers($1)

-- name: show_handler
select tasker.show_handler($1, $2, $3)

-- name: list_plugins
select tasker.list_plugins()
