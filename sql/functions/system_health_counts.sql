-- Tasks and steps by state, over everything that is stored: one row, the predecessor's fifteen columns, the seed's words.
-- Reads every partition once; callers cache it.
create or replace function tasker.system_health_counts(p_now timestamptz default clock_timestamp())
returns table (total_tasks bigint, pending_tasks bigint, in_progress_tasks bigint, complete_tasks bigint, error_tasks bigint,
               cancelled_tasks bigint, total_steps bigint, pending_steps bigint, in_progress_steps bigint,
               complete_steps bigint, error_steps bigint, retryable_error_steps bigint, exhausted_retry_steps bigint,
               in_backoff_steps bigint, active_connections bigint, max_connections bigint)
language sql stable as $$
  with t as (select state, count(*) as n from tasker.task group by state),
  s as (select state, count(*) as n, count(*) filter (where run_at > p_now) as later from tasker.step group by state)
  select (select coalesce(sum(n), 0)::bigint from t),
         (select coalesce(sum(n), 0)::bigint from t where tasker.seed_status(state) = 'pending'),
         (select coalesce(sum(n), 0)::bigint from t where state = 'in_progress'),
         (select coalesce(sum(n), 0)::bigint from t where state in ('complete', 'resolved_manually')),
         (select coalesce(sum(n), 0)::bigint from t where state = 'error'),
         (select coalesce(sum(n), 0)::bigint from t where state = 'cancelled'),
         (select coalesce(sum(n), 0)::bigint from s),
         (select coalesce(sum(n), 0)::bigint from s where tasker.seed_status(state) = 'pending'),
         (select coalesce(sum(n), 0)::bigint from s where state = 'in_progress'),
         (select coalesce(sum(n), 0)::bigint from s where tasker.satisfies_child(state)),
         (select coalesce(sum(n), 0)::bigint from s where state in ('error', 'waiting_for_retry')),
         (select coalesce(sum(n), 0)::bigint from s where state = 'waiting_for_retry'),
         (select coalesce(sum(n), 0)::bigint from s where state = 'error'),
         (select coalesce(sum(later), 0)::bigint from s where state = 'waiting_for_retry'),
         (select count(*) from pg_stat_activity where datname = current_database() and state = 'active'),
         (select setting::bigint from pg_settings where name = 'max_connections')
$$;
