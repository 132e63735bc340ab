-- A task that ends when what still runs has ended says so in a column of its own, so that the index does not name `state`:
-- a task's change to in_progress, by every claim from the queue, would not be made in place.
drop index tasker.task_ending;
alter table tasker.task add column ending boolean not null generated always as (failed or state = 'cancelled') stored;
create index task_ending on tasker.task (lane, task_id) where finished_at is null and ending;
