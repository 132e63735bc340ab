-- Which open tasks have a version is asked again and again while it drains, and must not read those of others. Who wants the open
-- tasks of a lane goes from template to template, by one probe each (open_templates).
drop index tasker.task_open;
create index task_open on tasker.task (template_id, lane, task_id) where finished_at is null;
-- When the next delayed step of a version falls due.
create index delayed_by_plugin on tasker.delayed_step (plugin_id, run_at);
-- Counted all open tasks of a template; open_tasks_of stops at a thousand.
drop function if exists tasker.open_tasks(int[]);
