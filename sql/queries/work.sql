-- The engine's statements. The server's clock decides: hosts' clocks differ.

-- name: submit
select * from tasker.submit_tasks($1, $2::bigint[], $3::int[], $4::jsonb[], $5::text[], $6::text[], $7::text[], $8::jsonb[],
  $9::text[], $10::timestamptz[], $11::int[], $12, $13::int[], clock_timestamp(), $14::text[])

-- name: submit_keyed
select * from tasker.submit_keyed_tasks_v2($15::text[], $16::text[], $17::int[], $18::int[], $1, $2::bigint[], $3::int[],
  $4::jsonb[], $5::text[], $6::text[], $7::text[], $8::jsonb[], $9::text[], $10::timestamptz[], $11::int[], $12, $13::int[],
  clock_timestamp(), $14::text[])

-- Finds the task whose values the database refuses: the arrays hold one element each.
-- name: check_task_values
select $1::jsonb[], $2::jsonb[], $3::timestamptz[]

-- name: claim
select * from tasker.claim_steps($1, $2::smallint, $3::int[], $4, clock_timestamp())

-- name: complete
select * from tasker.complete_steps($1, $2::bigint[], $3::int[], $4::int[], $5::tasker.attempt_outcome[], $6::jsonb[],
  $7::text[], $8::text[], $9::bigint[], $10::bigint[], $11::bigint[], $12::jsonb[], $13::jsonb, $14, $15::int[],
  clock_timestamp())

-- name: peek
select * from tasker.peek_queues($1::int[], clock_timestamp())

-- name: step_inputs
select * from tasker.step_inputs_v2($1::bigint[], $2::int[])

-- name: hand_back
select tasker.hand_back_steps($1, $2::bigint[], $3::int[], $4::int[], clock_timestamp())

-- name: held
select * from tasker.held_steps_of_lane($1, $2::smallint)

-- name: ids_in_use
select count(*) from unnest($1::bigint[]) u(t) join tasker.task t on t.lane = tasker.lane_of(u.t) and t.task_id = u.t

-- name: mend_task_ids
select tasker.mend_task_ids()

-- name: take_task_blocks
select * from tasker.take_task_blocks($1)
