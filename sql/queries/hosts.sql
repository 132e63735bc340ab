-- name: register_host
select tasker.register_host($1, $2, $3, $4)

-- name: beat
select * from tasker.beat($1, clock_timestamp())

-- name: reclaim_dead_hosts
select tasker.reclaim_dead_hosts($1, $2::int[], clock_timestamp())

-- name: reclaim_steps
select tasker.reclaim_steps($1, $2::smallint, $3, clock_timestamp())

-- name: release_dead_hosts
select tasker.release_dead_hosts($1::int[])

-- name: note_crash
select * from tasker.note_crash($1, $2, $3, $4, $5, $6, $7, clock_timestamp())

-- name: leave_host
select tasker.leave_host($1, clock_timestamp())

-- name: lanes
select tasker.lanes()

-- name: installation
select installation from tasker.setting

-- name: set_lock_timeout
select set_config('lock_timeout', $1, false)

-- name: set_statement_timeout
select set_config('statement_timeout', $1, false)
