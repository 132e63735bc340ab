-- What operators look for among millions: tasks that went wrong, those of one request, those with a tag. None of the three
-- costs a task anything that has nothing of it: `ending` is false while all goes well.
create index task_ended_badly on tasker.task (lane, task_id) where ending;
create index task_by_correlation on tasker.task (correlation_id, task_id) where correlation_id is not null;
create index task_by_tag on tasker.task using gin (tags jsonb_path_ops) where tags <> '[]';
