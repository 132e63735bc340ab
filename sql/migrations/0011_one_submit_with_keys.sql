-- Requests with keys come many in a call (submit_keyed_tasks_v2); no host sends them one by one any more.
drop function if exists tasker.submit_keyed_tasks(text, bytea, interval, int, bigint[], int[], jsonb[], text[], text[], text[], jsonb[],
                                                  text[], timestamptz[], int[], int, int[], timestamptz, text[]);
