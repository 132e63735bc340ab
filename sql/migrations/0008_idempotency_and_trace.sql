-- What a client named by an Idempotency-Key, and what it got for it. A table of its own, because partitions of task are
-- dropped one by one and could not keep a key unique over time.
create table tasker.idempotency_key (
  expires_at timestamptz not null,
  key        text primary key,
  digest     bytea not null,                               -- of the request: the same key for another one is refused
  tasks      bigint[] not null);                           -- in the order of the request
create index idempotency_key_expires on tasker.idempotency_key (expires_at);

-- W3C trace context of the request that created the task, handed to its handlers.
alter table tasker.task add column traceparent text;
