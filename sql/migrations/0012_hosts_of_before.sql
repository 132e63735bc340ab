--! breaking
-- A host says which migration it was built with. Its beats are refused once a breaking one that it does not know has been
-- applied: it would call functions that are gone, for ever, while its beats keep its steps from everybody else.
alter table tasker.host add column migration integer not null default 11;   -- those that run now
drop function if exists tasker.register_host(text, text, text);
