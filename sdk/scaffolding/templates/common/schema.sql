-- What the steps that store something write to: psql -f schema.sql
create table if not exists @name@_records (
  id bigint generated always as identity,
  idempotency_key text primary key,
  data jsonb not null
);
