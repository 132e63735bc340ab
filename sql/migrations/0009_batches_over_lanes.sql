--! breaking
-- A batch of outcomes is of all lanes of its writer, so that what it asks of a range of tasks is asked without a lane.
drop index tasker.task_ending;
create index task_ending on tasker.task (task_id) where finished_at is null and ending;
drop function if exists tasker.complete_steps(int, smallint, bigint[], int[], int[], tasker.attempt_outcome[], jsonb[], text[],
                                              text[], bigint[], bigint[], bigint[], jsonb[], jsonb, int, int[], timestamptz);
