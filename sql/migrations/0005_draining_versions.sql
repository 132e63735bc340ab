-- A version whose file was removed is still loaded for the tasks that have it: that is neither available nor gone.
alter table tasker.host_plugin add column draining boolean not null default false;
