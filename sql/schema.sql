CREATE SCHEMA tasker;

CREATE TYPE tasker.attempt_outcome AS ENUM (
    'ok',
    'retry',
    'fail',
    'wait',
    'cancelled',
    'timed_out',
    'lost'
);

CREATE TYPE tasker.step_state AS ENUM (
    'pending',
    'ready',
    'in_progress',
    'waiting_for_retry',
    'waiting_for_event',
    'complete',
    'error',
    'cancelled',
    'skipped',
    'resolved_manually'
);

CREATE TYPE tasker.task_state AS ENUM (
    'pending',
    'in_progress',
    'paused',
    'complete',
    'error',
    'cancelled',
    'resolved_manually'
);

CREATE FUNCTION tasker.ban_plugin(p_host integer, p_namespace text, p_name text, p_version text, p_sha256 text, p_code text, p_reason text, p_seen bigint, p_now timestamp with time zone) RETURNS boolean;

CREATE TABLE tasker.plugin_ban (
    at timestamp with time zone NOT NULL,
    host_id integer NOT NULL,
    sha256 text NOT NULL,
    namespace text NOT NULL,
    name text NOT NULL,
    version text NOT NULL,
    code text NOT NULL,
    reason text NOT NULL
);

CREATE FUNCTION tasker.ban_text(b tasker.plugin_ban) RETURNS text;

CREATE FUNCTION tasker.beat(p_host integer, p_now timestamp with time zone) RETURNS TABLE(host_id integer, heartbeat bigint, process text);

CREATE FUNCTION tasker.cancel_task(p_task bigint, p_principal text, p_reason text, p_now timestamp with time zone) RETURNS boolean;

CREATE FUNCTION tasker.claim_steps(p_host integer, p_lane smallint, p_plugins integer[], p_room integer, p_now timestamp with time zone) RETURNS TABLE(task_id bigint, ord integer, claim_no integer, attempt integer, retry_limit integer, revision integer, template_id integer, plugin_id integer);

CREATE FUNCTION tasker.complete_steps(p_host integer, p_tasks bigint[], p_ords integer[], p_claims integer[], p_outcomes tasker.attempt_outcome[], p_results jsonb[], p_codes text[], p_messages text[], p_delays_ms bigint[], p_ran_us bigint[], p_ended_us bigint[], p_checkpoints jsonb[], p_events jsonb, p_room integer, p_plugins integer[], p_now timestamp with time zone) RETURNS TABLE(kind "char", task_id bigint, ord integer, claim_no integer, attempt integer, retry_limit integer, revision integer, template_id integer, plugin_id integer);

CREATE FUNCTION tasker.count_text(p_count bigint) RETURNS text;

CREATE FUNCTION tasker.crash_message(p_host integer) RETURNS text;

CREATE FUNCTION tasker.cursor(p_kind text, p_place text) RETURNS text;

CREATE FUNCTION tasker.default_trouble() RETURNS text;

CREATE FUNCTION tasker.default_version(p_namespace text, p_name text) RETURNS TABLE(version text, is_pinned boolean, available boolean, pinned_at timestamp with time zone);

CREATE FUNCTION tasker.dependency_levels(p_task bigint) RETURNS TABLE(workflow_step_id bigint, dependency_level integer);

CREATE FUNCTION tasker.ensure_partitions(p_from bigint, p_ahead bigint) RETURNS bigint;

CREATE FUNCTION tasker.find_tasks(p_filter jsonb, p_limit integer, p_after bigint) RETURNS jsonb;
CREATE FUNCTION tasker.hand_back_steps(p_host integer, p_tasks bigint[], p_ords integer[], p_claims integer[], p_now timestamp with time zone) RETURNS integer;

CREATE FUNCTION tasker.handler_versions(p_namespace text, p_name text) RETURNS TABLE(version text, template_id integer, plugin_id integer, available boolean, context_schema jsonb);

CREATE FUNCTION tasker.held_steps_of_lane(p_host integer, p_lane smallint) RETURNS TABLE(task_id bigint, ord integer, claim_no integer, attempt integer, retry_limit integer, revision integer, template_id integer, plugin_id integer);

CREATE FUNCTION tasker.is_terminal(p_state tasker.step_state) RETURNS boolean;

CREATE FUNCTION tasker.known_plugin(p_namespace text, p_name text, p_version text) RETURNS integer;

CREATE FUNCTION tasker.lane_of(p_task bigint) RETURNS smallint;

CREATE FUNCTION tasker.lanes() RETURNS integer;

CREATE FUNCTION tasker.leave_host(p_host integer, p_now timestamp with time zone) RETURNS integer;

CREATE FUNCTION tasker.list_handlers(p_namespace text, p_limit integer, p_after text) RETURNS jsonb;

CREATE FUNCTION tasker.list_namespaces(p_now timestamp with time zone, p_limit integer, p_after text) RETURNS jsonb;

CREATE FUNCTION tasker.list_plugins(p_limit integer, p_after integer) RETURNS jsonb;

CREATE FUNCTION tasker.living_hosts(p_plugin integer) RETURNS bigint;

CREATE FUNCTION tasker.lock_bindings() RETURNS void;

CREATE FUNCTION tasker.lock_tasks(p_tasks bigint[]) RETURNS void;

CREATE FUNCTION tasker.mend_task_ids() RETURNS bigint;

CREATE FUNCTION tasker.missing_defaults() RETURNS text;

CREATE FUNCTION tasker.needed_plugins(p_host integer) RETURNS TABLE(namespace text, name text, version text, sha256 text, open_tasks bigint, hosts bigint);

CREATE FUNCTION tasker.note_crash(p_process text, p_task bigint, p_ord integer, p_claim integer, p_signal text, p_plugin text, p_step text, p_now timestamp with time zone) RETURNS TABLE(host_id integer, crashes integer, crash_limit integer);

CREATE FUNCTION tasker.note_isolation(p_host integer, p_plugin integer, p_isolation text) RETURNS void;

CREATE FUNCTION tasker.note_plugin_order(p_kind text, p_namespace text, p_name text, p_version text, p_principal text, p_reason text, p_now timestamp with time zone) RETURNS void;

CREATE FUNCTION tasker.note_plugin_state(p_host integer, p_namespace text, p_name text, p_version text, p_sha256 text, p_state text, p_code text, p_reason text, p_now timestamp with time zone) RETURNS void;

CREATE FUNCTION tasker.note_plugin_states(p_host integer, p_notes jsonb, p_now timestamp with time zone) RETURNS void;

CREATE FUNCTION tasker.open_tasks_of(p_templates integer[]) RETURNS TABLE(template_id integer, tasks bigint, oldest_task bigint, oldest_at timestamp with time zone, next_wake timestamp with time zone);

CREATE FUNCTION tasker.open_templates() RETURNS TABLE(template_id integer);

CREATE FUNCTION tasker.pause_task(p_task bigint, p_principal text, p_reason text, p_now timestamp with time zone) RETURNS boolean;

CREATE FUNCTION tasker.peek_queues(p_plugins integer[], p_now timestamp with time zone) RETURNS TABLE(lane smallint, due_in_ms bigint);

CREATE FUNCTION tasker.pin_default(p_namespace text, p_name text, p_version text, p_principal text, p_reason text, p_now timestamp with time zone) RETURNS boolean;

CREATE FUNCTION tasker.plugin_orders_since(p_seen bigint) RETURNS TABLE(revision bigint, kind text, namespace text, name text, version text, sha256 text);

CREATE FUNCTION tasker.plugin_orders_v2(p_seen bigint) RETURNS TABLE(revision bigint, kind text, namespace text, name text, version text, sha256 text, code text, reason text);

CREATE VIEW tasker.plugin_version AS
SELECT
    NULL::integer AS plugin_id,
    NULL::text AS namespace,
    NULL::text AS name,
    NULL::text AS version,
    NULL::text AS sha256,
    NULL::text AS state,
    NULL::text AS code,
    NULL::text AS reason,
    NULL::timestamp with time zone AS changed_at,
    NULL::integer AS template_id,
    NULL::bigint AS hosts,
    NULL::bigint AS choosing,
    NULL::timestamp with time zone AS retired_at,
    NULL::text AS isolation,
    NULL::boolean AS is_pinned,
    NULL::bigint AS quarantined;

CREATE FUNCTION tasker.plugin_row(v tasker.plugin_version) RETURNS jsonb;

CREATE FUNCTION tasker.plugin_trouble(p_plugin integer) RETURNS jsonb;

CREATE FUNCTION tasker.publish_plugin(p_host integer, p_namespace text, p_name text, p_version text, p_sha256 text, p_version_core integer[], p_pre_release text, p_description text, p_class_name text, p_digest text, p_definition jsonb, p_schema jsonb, p_steps jsonb, p_now timestamp with time zone) RETURNS TABLE(plugin_id integer, template_id integer);
CREATE FUNCTION tasker.publish_plugins(p_host integer, p_plugins jsonb, p_now timestamp with time zone) RETURNS TABLE(plugin_id integer, template_id integer);

CREATE FUNCTION tasker.purge_idempotency_keys(p_most integer, p_now timestamp with time zone) RETURNS integer;

CREATE FUNCTION tasker.queue_gauges(p_now timestamp with time zone) RETURNS TABLE(ready bigint, delayed bigint, oldest_ms bigint);

CREATE FUNCTION tasker.queue_keys(p_tasks bigint[]) RETURNS TABLE(lane smallint, plugin_id integer, priority smallint, run_at timestamp with time zone, task_id bigint, ord integer);

CREATE FUNCTION tasker.reclaim_dead_hosts(p_host integer, p_dead integer[], p_now timestamp with time zone) RETURNS integer;

CREATE FUNCTION tasker.reclaim_steps(p_host integer, p_lane smallint, p_limit integer, p_now timestamp with time zone) RETURNS integer;

CREATE FUNCTION tasker.refuse_older_host(p_migration integer) RETURNS void;

CREATE FUNCTION tasker.register_host(p_name text, p_version text, p_process text, p_migration integer) RETURNS integer;

CREATE FUNCTION tasker.release_dead_hosts(p_dead integer[]) RETURNS integer;

CREATE FUNCTION tasker.resume_plugin(p_namespace text, p_name text, p_version text, p_principal text, p_reason text, p_now timestamp with time zone) RETURNS boolean;

CREATE FUNCTION tasker.resume_task(p_task bigint, p_principal text, p_reason text, p_now timestamp with time zone) RETURNS boolean;

CREATE FUNCTION tasker.retire_plugin(p_namespace text, p_name text, p_version text, p_principal text, p_reason text, p_now timestamp with time zone) RETURNS boolean;

CREATE FUNCTION tasker.retry_plugin(p_namespace text, p_name text, p_version text, p_principal text, p_reason text, p_now timestamp with time zone) RETURNS boolean;
CREATE FUNCTION tasker.satisfies_child(p_state tasker.step_state) RETURNS boolean;

CREATE FUNCTION tasker.seed_status(p_state tasker.step_state) RETURNS text;

CREATE FUNCTION tasker.seed_status(p_state tasker.task_state) RETURNS text;

CREATE FUNCTION tasker.settle_tasks(p_tasks bigint[], p_now timestamp with time zone) RETURNS integer;

CREATE FUNCTION tasker.show_default(p_namespace text, p_name text) RETURNS jsonb;

CREATE FUNCTION tasker.show_handler(p_namespace text, p_name text, p_version text) RETURNS jsonb;

CREATE FUNCTION tasker.show_plugin(p_namespace text, p_name text, p_version text) RETURNS jsonb;

CREATE FUNCTION tasker.show_tasks(p_tasks bigint[]) RETURNS TABLE(task_id bigint, body jsonb);

CREATE FUNCTION tasker.step_inputs_v2(p_tasks bigint[], p_ords integer[]) RETURNS TABLE(task_id bigint, ord integer, template_id integer, revision integer, context jsonb, correlation_id text, parent_ords integer[], parent_results text[], checkpoint jsonb, traceparent text);

CREATE FUNCTION tasker.step_readiness(p_tasks bigint[], p_now timestamp with time zone DEFAULT clock_timestamp()) RETURNS TABLE(workflow_step_id bigint, task_id bigint, named_step_id integer, name text, current_state text, dependencies_satisfied boolean, retry_eligible boolean, ready_for_execution boolean, last_failure_at timestamp with time zone, next_retry_at timestamp with time zone, total_parents integer, completed_parents integer, attempts integer, retry_limit integer, backoff_request_seconds integer, last_attempted_at timestamp with time zone);

CREATE FUNCTION tasker.submit_keyed_tasks_v2(p_keys text[], p_digests text[], p_lives integer[], p_counts integer[], p_host integer, p_tasks bigint[], p_templates integer[], p_contexts jsonb[], p_initiators text[], p_source_systems text[], p_reasons text[], p_tags jsonb[], p_correlation_ids text[], p_start_ats timestamp with time zone[], p_priorities integer[], p_room integer, p_plugins integer[], p_now timestamp with time zone, p_traceparents text[]) RETURNS TABLE(task_id bigint, ord integer, claim_no integer, attempt integer, retry_limit integer, revision integer, template_id integer, plugin_id integer);

CREATE FUNCTION tasker.submit_tasks(p_host integer, p_tasks bigint[], p_templates integer[], p_contexts jsonb[], p_initiators text[], p_source_systems text[], p_reasons text[], p_tags jsonb[], p_correlation_ids text[], p_start_ats timestamp with time zone[], p_priorities integer[], p_room integer, p_plugins integer[], p_now timestamp with time zone, p_traceparents text[] DEFAULT '{}'::text[]) RETURNS TABLE(task_id bigint, ord integer, claim_no integer, attempt integer, retry_limit integer, revision integer, template_id integer, plugin_id integer);

CREATE FUNCTION tasker.system_health_counts(p_now timestamp with time zone DEFAULT clock_timestamp()) RETURNS TABLE(total_tasks bigint, pending_tasks bigint, in_progress_tasks bigint, complete_tasks bigint, error_tasks bigint, cancelled_tasks bigint, total_steps bigint, pending_steps bigint, in_progress_steps bigint, complete_steps bigint, error_steps bigint, retryable_error_steps bigint, exhausted_retry_steps bigint, in_backoff_steps bigint, active_connections bigint, max_connections bigint);

CREATE FUNCTION tasker.take_task_blocks(p_count integer) RETURNS TABLE(block bigint, partitioned_below bigint);

CREATE FUNCTION tasker.task_execution_context(p_tasks bigint[], p_now timestamp with time zone DEFAULT clock_timestamp()) RETURNS TABLE(task_id bigint, named_task_id integer, status text, total_steps integer, pending_steps integer, in_progress_steps integer, completed_steps integer, failed_steps integer, ready_steps integer, execution_status text, recommended_action text, completion_percentage numeric, health_status text);

CREATE TABLE tasker.task (
    task_id bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    start_at timestamp with time zone,
    template_id integer NOT NULL,
    open_sinks integer NOT NULL,
    revision integer DEFAULT 0 NOT NULL,
    state tasker.task_state NOT NULL,
    lane smallint NOT NULL,
    priority smallint DEFAULT 5 NOT NULL,
    failed boolean DEFAULT false NOT NULL,
    context jsonb NOT NULL,
    tags jsonb DEFAULT '[]'::jsonb NOT NULL,
    initiator text DEFAULT 'unknown'::text NOT NULL,
    source_system text DEFAULT 'unknown'::text NOT NULL,
    reason text DEFAULT 'unknown'::text NOT NULL,
    correlation_id text,
    ending boolean GENERATED ALWAYS AS ((failed OR (state = 'cancelled'::tasker.task_state))) STORED NOT NULL,
    traceparent text
)
PARTITION BY RANGE (task_id);

CREATE FUNCTION tasker.task_head(t tasker.task) RETURNS jsonb;

CREATE FUNCTION tasker.task_ids_around(p_time timestamp with time zone) RETURNS TABLE(low bigint, high bigint);

CREATE FUNCTION tasker.unqueue_tasks(p_tasks bigint[]) RETURNS void;

CREATE FUNCTION tasker.why_not_loaded(p_state text, p_reason text) RETURNS text;

CREATE FUNCTION tasker.why_not_run(p_plugin integer, OUT code text, OUT sentence text) RETURNS record;

CREATE FUNCTION tasker.workflow_step_id(p_task bigint, p_ord integer) RETURNS bigint;

CREATE TABLE tasker.annotation (
    task_id bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    annotation_no integer NOT NULL,
    annotation_type_id integer NOT NULL,
    lane smallint NOT NULL,
    annotation jsonb NOT NULL
)
PARTITION BY RANGE (task_id);

CREATE TABLE tasker.annotation_0 (
    task_id bigint NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    annotation_no integer NOT NULL,
    annotation_type_id integer NOT NULL,
    lane smallint NOT NULL,
    annotation jsonb NOT NULL
);

CREATE TABLE tasker.annotation_type (
    annotation_type_id integer NOT NULL,
    name text NOT NULL,
    description text DEFAULT ''::text NOT NULL
);

ALTER TABLE tasker.annotation_type ALTER COLUMN annotation_type_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME tasker.annotation_type_annotation_type_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE tasker.applied_function (
    name text NOT NULL,
    digest text NOT NULL,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL
);

CREATE TABLE tasker.attempt (
    task_id bigint NOT NULL,
    claimed_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone NOT NULL,
    run_at timestamp with time zone,
    ord integer NOT NULL,
    claim_no integer NOT NULL,
    host_id integer NOT NULL,
    plugin_id integer NOT NULL,
    outcome tasker.attempt_outcome NOT NULL,
    lane smallint NOT NULL,
    attempt smallint NOT NULL,
    error_code text,
    message text,
    result jsonb,
    checkpoint jsonb
)
PARTITION BY RANGE (task_id);

CREATE TABLE tasker.attempt_0 (
    task_id bigint NOT NULL,
    claimed_at timestamp with time zone NOT NULL,
    started_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone NOT NULL,
    run_at timestamp with time zone,
    ord integer NOT NULL,
    claim_no integer NOT NULL,
    host_id integer NOT NULL,
    plugin_id integer NOT NULL,
    outcome tasker.attempt_outcome NOT NULL,
    lane smallint NOT NULL,
    attempt smallint NOT NULL,
    error_code text,
    message text,
    result jsonb,
    checkpoint jsonb
);

CREATE TABLE tasker.delayed_step (
    run_at timestamp with time zone NOT NULL,
    task_id bigint NOT NULL,
    ord integer NOT NULL,
    plugin_id integer NOT NULL,
    lane smallint NOT NULL,
    priority smallint NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='5000', autovacuum_vacuum_insert_threshold='-1', autovacuum_vacuum_cost_delay='0');

CREATE TABLE tasker.dependent_system (
    dependent_system_id integer NOT NULL,
    name text NOT NULL,
    description text DEFAULT ''::text NOT NULL
);

ALTER TABLE tasker.dependent_system ALTER COLUMN dependent_system_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME tasker.dependent_system_dependent_system_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE tasker.host (
    host_id integer NOT NULL,
    boot_id uuid DEFAULT gen_random_uuid() NOT NULL,
    name text NOT NULL,
    version text NOT NULL,
    process text DEFAULT ''::text NOT NULL,
    alive boolean DEFAULT true NOT NULL,
    released boolean DEFAULT false NOT NULL,
    heartbeat bigint DEFAULT 0 NOT NULL,
    registered_at timestamp with time zone DEFAULT now() NOT NULL,
    seen_at timestamp with time zone DEFAULT now() NOT NULL,
    migration integer DEFAULT 11 NOT NULL
)
WITH (fillfactor='50');

CREATE TABLE tasker.host_plugin (
    host_id integer NOT NULL,
    plugin_id integer NOT NULL,
    draining boolean DEFAULT false NOT NULL,
    isolation text DEFAULT 'in_process'::text NOT NULL,
    quarantine text
);

CREATE TABLE tasker.namespace (
    namespace_id integer NOT NULL,
    name text NOT NULL,
    description text DEFAULT ''::text NOT NULL
);

CREATE TABLE tasker.template (
    template_id integer NOT NULL,
    namespace_id integer NOT NULL,
    name text NOT NULL,
    version text NOT NULL,
    version_core integer[] NOT NULL,
    pre_release text,
    description text DEFAULT ''::text NOT NULL,
    class_name text DEFAULT ''::text NOT NULL,
    plugin_id integer NOT NULL,
    digest text NOT NULL,
    definition jsonb NOT NULL,
    context_schema jsonb,
    sinks integer NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL
);

CREATE VIEW tasker.handler_version AS
 SELECT n.name AS namespace,
    d.name,
    d.version,
    d.version_core,
    d.pre_release,
    d.template_id,
    d.plugin_id,
    (EXISTS ( SELECT
           FROM (tasker.host_plugin hp
             JOIN tasker.host h USING (host_id))
          WHERE ((hp.plugin_id = d.plugin_id) AND h.alive AND (NOT hp.draining) AND (hp.quarantine IS NULL)))) AS available
   FROM (tasker.template d
     JOIN tasker.namespace n USING (namespace_id));

CREATE TABLE tasker.host_crash (
    at timestamp with time zone NOT NULL,
    task_id bigint NOT NULL,
    host_id integer NOT NULL,
    ord integer NOT NULL,
    claim_no integer NOT NULL,
    signal text NOT NULL,
    plugin text NOT NULL,
    step text NOT NULL
);

ALTER TABLE tasker.host ALTER COLUMN host_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME tasker.host_host_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE tasker.idempotency_key (
    expires_at timestamp with time zone NOT NULL,
    key text NOT NULL,
    digest bytea NOT NULL,
    tasks bigint[] NOT NULL
);

CREATE TABLE tasker.journal (
    journal_id bigint NOT NULL,
    at timestamp with time zone NOT NULL,
    kind text NOT NULL,
    task_id bigint,
    ord integer,
    host_id integer,
    principal text,
    reason text,
    data jsonb DEFAULT '{}'::jsonb NOT NULL
);

ALTER TABLE tasker.journal ALTER COLUMN journal_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME tasker.journal_journal_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE tasker.migration (
    number integer NOT NULL,
    name text NOT NULL,
    applied_at timestamp with time zone DEFAULT clock_timestamp() NOT NULL,
    breaking boolean DEFAULT false NOT NULL
);

ALTER TABLE tasker.namespace ALTER COLUMN namespace_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME tasker.namespace_namespace_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE tasker.object_map (
    object_map_id bigint NOT NULL,
    system_one integer NOT NULL,
    system_two integer NOT NULL,
    remote_id_one text NOT NULL,
    remote_id_two text NOT NULL,
    CONSTRAINT object_map_check CHECK ((system_one <= system_two))
);

ALTER TABLE tasker.object_map ALTER COLUMN object_map_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME tasker.object_map_object_map_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE tasker.plugin (
    plugin_id integer NOT NULL,
    namespace text NOT NULL,
    name text NOT NULL,
    version text NOT NULL,
    sha256 text NOT NULL,
    state text NOT NULL,
    code text,
    reason text,
    changed_at timestamp with time zone DEFAULT now() NOT NULL,
    retired_at timestamp with time zone,
    retried_in bigint
);

CREATE TABLE tasker.plugin_default (
    namespace text NOT NULL,
    name text NOT NULL,
    version text NOT NULL,
    pinned_at timestamp with time zone NOT NULL
);

CREATE TABLE tasker.plugin_order (
    only_row boolean DEFAULT true NOT NULL,
    revision bigint DEFAULT 1 NOT NULL,
    CONSTRAINT plugin_order_only_row_check CHECK (only_row)
);

ALTER TABLE tasker.plugin ALTER COLUMN plugin_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME tasker.plugin_plugin_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

CREATE TABLE tasker.ready_step (
    lane smallint NOT NULL,
    plugin_id integer NOT NULL,
    priority smallint NOT NULL,
    run_at timestamp with time zone NOT NULL,
    task_id bigint NOT NULL,
    ord integer NOT NULL
)
WITH (autovacuum_vacuum_scale_factor='0.02', autovacuum_vacuum_threshold='5000', autovacuum_vacuum_insert_threshold='-1', autovacuum_vacuum_cost_delay='0');

CREATE TABLE tasker.setting (
    only_row boolean DEFAULT true NOT NULL,
    partition_tasks bigint DEFAULT 4194304 NOT NULL,
    installation text DEFAULT substr(md5(((random())::text || (clock_timestamp())::text)), 1, 8) NOT NULL,
    lost_limit smallint DEFAULT 5 NOT NULL,
    created_at timestamp with time zone DEFAULT now() NOT NULL,
    crash_limit smallint DEFAULT 2 NOT NULL,
    CONSTRAINT setting_only_row_check CHECK (only_row)
);

CREATE TABLE tasker.step (
    task_id bigint NOT NULL,
    claimed_at timestamp with time zone,
    run_at timestamp with time zone,
    ord integer NOT NULL,
    pending_parents integer NOT NULL,
    claim_no integer DEFAULT 0 NOT NULL,
    host_id integer,
    plugin_id integer NOT NULL,
    state tasker.step_state NOT NULL,
    lane smallint NOT NULL,
    attempts smallint DEFAULT 0 NOT NULL,
    retry_limit smallint NOT NULL,
    lost smallint DEFAULT 0 NOT NULL,
    retryable boolean NOT NULL,
    children integer[]
)
PARTITION BY RANGE (task_id);

CREATE TABLE tasker.step_0 (
    task_id bigint NOT NULL,
    claimed_at timestamp with time zone,
    run_at timestamp with time zone,
    ord integer NOT NULL,
    pending_parents integer NOT NULL,
    claim_no integer DEFAULT 0 NOT NULL,
    host_id integer,
    plugin_id integer NOT NULL,
    state tasker.step_state NOT NULL,
    lane smallint NOT NULL,
    attempts smallint DEFAULT 0 NOT NULL,
    retry_limit smallint NOT NULL,
    lost smallint DEFAULT 0 NOT NULL,
    retryable boolean NOT NULL,
    children integer[]
)
WITH (fillfactor='50', autovacuum_vacuum_scale_factor='0.1');

CREATE TABLE tasker.step_edge (
    task_id bigint NOT NULL,
    from_ord integer NOT NULL,
    to_ord integer NOT NULL,
    lane smallint NOT NULL
)
PARTITION BY RANGE (task_id);

CREATE TABLE tasker.step_edge_0 (
    task_id bigint NOT NULL,
    from_ord integer NOT NULL,
    to_ord integer NOT NULL,
    lane smallint NOT NULL
);

CREATE VIEW tasker.step_transition AS
 SELECT a.task_id,
    a.ord,
    a.claim_no,
    a.claimed_at AS at,
    'in_progress'::tasker.step_state AS to_state,
    a.host_id,
    NULL::text AS error_code
   FROM tasker.attempt a
UNION ALL
 SELECT a.task_id,
    a.ord,
    a.claim_no,
    a.finished_at AS at,
    (
        CASE
            WHEN (a.outcome = 'ok'::tasker.attempt_outcome) THEN 'complete'::text
            WHEN (a.run_at IS NOT NULL) THEN 'waiting_for_retry'::text
            WHEN (a.outcome = 'cancelled'::tasker.attempt_outcome) THEN 'cancelled'::text
            WHEN ((a.outcome = 'lost'::tasker.attempt_outcome) AND (a.error_code IS NULL)) THEN 'ready'::text
            ELSE 'error'::text
        END)::tasker.step_state AS to_state,
    a.host_id,
    a.error_code
   FROM tasker.attempt a;

CREATE TABLE tasker.task_0 (
    task_id bigint NOT NULL,
    created_at timestamp with time zone NOT NULL,
    finished_at timestamp with time zone,
    start_at timestamp with time zone,
    template_id integer NOT NULL,
    open_sinks integer NOT NULL,
    revision integer DEFAULT 0 NOT NULL,
    state tasker.task_state NOT NULL,
    lane smallint NOT NULL,
    priority smallint DEFAULT 5 NOT NULL,
    failed boolean DEFAULT false NOT NULL,
    context jsonb NOT NULL,
    tags jsonb DEFAULT '[]'::jsonb NOT NULL,
    initiator text DEFAULT 'unknown'::text NOT NULL,
    source_system text DEFAULT 'unknown'::text NOT NULL,
    reason text DEFAULT 'unknown'::text NOT NULL,
    correlation_id text,
    ending boolean GENERATED ALWAYS AS ((failed OR (state = 'cancelled'::tasker.task_state))) STORED NOT NULL,
    traceparent text
)
WITH (fillfactor='50');

CREATE SEQUENCE tasker.task_block
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1;

CREATE TABLE tasker.template_edge (
    template_id integer NOT NULL,
    from_ord integer NOT NULL,
    to_ord integer NOT NULL
);

CREATE TABLE tasker.template_step (
    template_id integer NOT NULL,
    ord integer NOT NULL,
    named_step_id integer NOT NULL,
    name text NOT NULL,
    handler text NOT NULL,
    parents integer NOT NULL,
    children integer[],
    plugin_id integer NOT NULL,
    retryable boolean NOT NULL,
    retry_limit smallint NOT NULL,
    skippable boolean DEFAULT false NOT NULL,
    dependent_system text,
    description text DEFAULT ''::text NOT NULL,
    CONSTRAINT template_step_ord_check CHECK (((ord >= 1) AND (ord <= 16383)))
);

ALTER TABLE tasker.template_step ALTER COLUMN named_step_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME tasker.template_step_named_step_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE tasker.template ALTER COLUMN template_id ADD GENERATED ALWAYS AS IDENTITY (
    SEQUENCE NAME tasker.template_template_id_seq
    START WITH 1
    INCREMENT BY 1
    NO MINVALUE
    NO MAXVALUE
    CACHE 1
);

ALTER TABLE ONLY tasker.annotation ATTACH PARTITION tasker.annotation_0 FOR VALUES FROM ('0') TO ('4194304');

ALTER TABLE ONLY tasker.attempt ATTACH PARTITION tasker.attempt_0 FOR VALUES FROM ('0') TO ('4194304');

ALTER TABLE ONLY tasker.step ATTACH PARTITION tasker.step_0 FOR VALUES FROM ('0') TO ('4194304');

ALTER TABLE ONLY tasker.step_edge ATTACH PARTITION tasker.step_edge_0 FOR VALUES FROM ('0') TO ('4194304');

ALTER TABLE ONLY tasker.task ATTACH PARTITION tasker.task_0 FOR VALUES FROM ('0') TO ('4194304');

ALTER TABLE ONLY tasker.annotation
    ADD CONSTRAINT annotation_pkey PRIMARY KEY (lane, task_id, annotation_no);

ALTER TABLE ONLY tasker.annotation_0
    ADD CONSTRAINT annotation_0_pkey PRIMARY KEY (lane, task_id, annotation_no);

ALTER TABLE ONLY tasker.annotation_type
    ADD CONSTRAINT annotation_type_name_key UNIQUE (name);

ALTER TABLE ONLY tasker.annotation_type
    ADD CONSTRAINT annotation_type_pkey PRIMARY KEY (annotation_type_id);

ALTER TABLE ONLY tasker.applied_function
    ADD CONSTRAINT applied_function_pkey PRIMARY KEY (name);

ALTER TABLE ONLY tasker.attempt
    ADD CONSTRAINT attempt_pkey PRIMARY KEY (lane, task_id, ord, claim_no);

ALTER TABLE ONLY tasker.attempt_0
    ADD CONSTRAINT attempt_0_pkey PRIMARY KEY (lane, task_id, ord, claim_no);

ALTER TABLE ONLY tasker.delayed_step
    ADD CONSTRAINT delayed_step_pkey PRIMARY KEY (lane, run_at, task_id, ord);

ALTER TABLE ONLY tasker.dependent_system
    ADD CONSTRAINT dependent_system_name_key UNIQUE (name);

ALTER TABLE ONLY tasker.dependent_system
    ADD CONSTRAINT dependent_system_pkey PRIMARY KEY (dependent_system_id);

ALTER TABLE ONLY tasker.host_crash
    ADD CONSTRAINT host_crash_pkey PRIMARY KEY (host_id);

ALTER TABLE ONLY tasker.host
    ADD CONSTRAINT host_pkey PRIMARY KEY (host_id);

ALTER TABLE ONLY tasker.host_plugin
    ADD CONSTRAINT host_plugin_pkey PRIMARY KEY (host_id, plugin_id);

ALTER TABLE ONLY tasker.idempotency_key
    ADD CONSTRAINT idempotency_key_pkey PRIMARY KEY (key);

ALTER TABLE ONLY tasker.journal
    ADD CONSTRAINT journal_pkey PRIMARY KEY (journal_id);

ALTER TABLE ONLY tasker.migration
    ADD CONSTRAINT migration_pkey PRIMARY KEY (number);

ALTER TABLE ONLY tasker.namespace
    ADD CONSTRAINT namespace_name_key UNIQUE (name);

ALTER TABLE ONLY tasker.namespace
    ADD CONSTRAINT namespace_pkey PRIMARY KEY (namespace_id);

ALTER TABLE ONLY tasker.object_map
    ADD CONSTRAINT object_map_pkey PRIMARY KEY (object_map_id);

ALTER TABLE ONLY tasker.object_map
    ADD CONSTRAINT object_map_system_one_system_two_remote_id_one_remote_id_tw_key UNIQUE (system_one, system_two, remote_id_one, remote_id_two);

ALTER TABLE ONLY tasker.plugin_ban
    ADD CONSTRAINT plugin_ban_pkey PRIMARY KEY (sha256);

ALTER TABLE ONLY tasker.plugin_default
    ADD CONSTRAINT plugin_default_pkey PRIMARY KEY (namespace, name);

ALTER TABLE ONLY tasker.plugin
    ADD CONSTRAINT plugin_namespace_name_version_key UNIQUE (namespace, name, version);

ALTER TABLE ONLY tasker.plugin_order
    ADD CONSTRAINT plugin_order_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY tasker.plugin
    ADD CONSTRAINT plugin_pkey PRIMARY KEY (plugin_id);

ALTER TABLE ONLY tasker.ready_step
    ADD CONSTRAINT ready_step_pkey PRIMARY KEY (lane, plugin_id, priority, run_at, task_id, ord);

ALTER TABLE ONLY tasker.setting
    ADD CONSTRAINT setting_pkey PRIMARY KEY (only_row);

ALTER TABLE ONLY tasker.step
    ADD CONSTRAINT step_pkey PRIMARY KEY (lane, task_id, ord);

ALTER TABLE ONLY tasker.step_0
    ADD CONSTRAINT step_0_pkey PRIMARY KEY (lane, task_id, ord);

ALTER TABLE ONLY tasker.step_edge
    ADD CONSTRAINT step_edge_pkey PRIMARY KEY (lane, task_id, to_ord, from_ord);

ALTER TABLE ONLY tasker.step_edge_0
    ADD CONSTRAINT step_edge_0_pkey PRIMARY KEY (lane, task_id, to_ord, from_ord);

ALTER TABLE ONLY tasker.task
    ADD CONSTRAINT task_pkey PRIMARY KEY (lane, task_id);

ALTER TABLE ONLY tasker.task_0
    ADD CONSTRAINT task_0_pkey PRIMARY KEY (lane, task_id);

ALTER TABLE ONLY tasker.template_edge
    ADD CONSTRAINT template_edge_pkey PRIMARY KEY (template_id, to_ord, from_ord);

ALTER TABLE ONLY tasker.template
    ADD CONSTRAINT template_namespace_id_name_version_key UNIQUE (namespace_id, name, version);

ALTER TABLE ONLY tasker.template
    ADD CONSTRAINT template_pkey PRIMARY KEY (template_id);

ALTER TABLE ONLY tasker.template_step
    ADD CONSTRAINT template_step_named_step_id_key UNIQUE (named_step_id);

ALTER TABLE ONLY tasker.template_step
    ADD CONSTRAINT template_step_pkey PRIMARY KEY (template_id, ord);

ALTER TABLE ONLY tasker.template_step
    ADD CONSTRAINT template_step_template_id_name_key UNIQUE (template_id, name);

CREATE INDEX delayed_by_plugin ON tasker.delayed_step USING btree (plugin_id, run_at);

CREATE INDEX host_crash_by_plugin ON tasker.host_crash USING btree (plugin, at);

CREATE INDEX host_crash_by_step ON tasker.host_crash USING btree (task_id, ord);

CREATE INDEX idempotency_key_expires ON tasker.idempotency_key USING btree (expires_at);

CREATE INDEX journal_by_plugin ON tasker.journal USING btree (((data ->> 'namespace'::text)), ((data ->> 'name'::text)), ((data ->> 'version'::text)), journal_id) WHERE (kind ~~ 'plugin.%'::text);

CREATE INDEX journal_by_task ON tasker.journal USING btree (task_id, journal_id) WHERE (task_id IS NOT NULL);

CREATE INDEX plugin_ban_by_version ON tasker.plugin_ban USING btree (namespace, name, version);

CREATE INDEX plugin_retired ON tasker.plugin USING btree (plugin_id) WHERE (retired_at IS NOT NULL);

CREATE INDEX plugin_retried ON tasker.plugin USING btree (retried_in) WHERE (retried_in IS NOT NULL);

CREATE INDEX task_by_correlation ON ONLY tasker.task USING btree (correlation_id, task_id) WHERE (correlation_id IS NOT NULL);

CREATE INDEX task_0_correlation_id_task_id_idx ON tasker.task_0 USING btree (correlation_id, task_id) WHERE (correlation_id IS NOT NULL);

CREATE INDEX task_ended_badly ON ONLY tasker.task USING btree (lane, task_id) WHERE ending;

CREATE INDEX task_0_lane_task_id_idx ON tasker.task_0 USING btree (lane, task_id) WHERE ending;

CREATE INDEX task_by_tag ON ONLY tasker.task USING gin (tags jsonb_path_ops) WHERE (tags <> '[]'::jsonb);

CREATE INDEX task_0_tags_idx ON tasker.task_0 USING gin (tags jsonb_path_ops) WHERE (tags <> '[]'::jsonb);

CREATE INDEX task_ending ON ONLY tasker.task USING btree (task_id) WHERE ((finished_at IS NULL) AND ending);

CREATE INDEX task_0_task_id_idx ON tasker.task_0 USING btree (task_id) WHERE ((finished_at IS NULL) AND ending);

CREATE INDEX task_open ON ONLY tasker.task USING btree (template_id, lane, task_id) WHERE (finished_at IS NULL);

CREATE INDEX task_0_template_id_lane_task_id_idx ON tasker.task_0 USING btree (template_id, lane, task_id) WHERE (finished_at IS NULL);

ALTER INDEX tasker.annotation_pkey ATTACH PARTITION tasker.annotation_0_pkey;

ALTER INDEX tasker.attempt_pkey ATTACH PARTITION tasker.attempt_0_pkey;

ALTER INDEX tasker.step_pkey ATTACH PARTITION tasker.step_0_pkey;

ALTER INDEX tasker.step_edge_pkey ATTACH PARTITION tasker.step_edge_0_pkey;

ALTER INDEX tasker.task_by_correlation ATTACH PARTITION tasker.task_0_correlation_id_task_id_idx;

ALTER INDEX tasker.task_ended_badly ATTACH PARTITION tasker.task_0_lane_task_id_idx;

ALTER INDEX tasker.task_pkey ATTACH PARTITION tasker.task_0_pkey;

ALTER INDEX tasker.task_by_tag ATTACH PARTITION tasker.task_0_tags_idx;

ALTER INDEX tasker.task_ending ATTACH PARTITION tasker.task_0_task_id_idx;

ALTER INDEX tasker.task_open ATTACH PARTITION tasker.task_0_template_id_lane_task_id_idx;

CREATE OR REPLACE VIEW tasker.plugin_version AS
 SELECT p.plugin_id,
    p.namespace,
    p.name,
    p.version,
    p.sha256,
    p.state,
    p.code,
    p.reason,
    p.changed_at,
    d.template_id,
    count(h.host_id) FILTER (WHERE (hp.quarantine IS NULL)) AS hosts,
    count(h.host_id) FILTER (WHERE ((NOT hp.draining) AND (hp.quarantine IS NULL))) AS choosing,
    p.retired_at,
    string_agg(DISTINCT hp.isolation, ', '::text) FILTER (WHERE (h.host_id IS NOT NULL)) AS isolation,
    (EXISTS ( SELECT
           FROM tasker.plugin_default f
          WHERE ((f.namespace = p.namespace) AND (f.name = p.name) AND (f.version = p.version)))) AS is_pinned,
    count(h.host_id) FILTER (WHERE (hp.quarantine IS NOT NULL)) AS quarantined
   FROM (((tasker.plugin p
     JOIN tasker.template d USING (plugin_id))
     LEFT JOIN tasker.host_plugin hp USING (plugin_id))
     LEFT JOIN tasker.host h ON (((h.host_id = hp.host_id) AND h.alive)))
  GROUP BY p.plugin_id, d.template_id;

ALTER TABLE ONLY tasker.host_crash
    ADD CONSTRAINT host_crash_host_id_fkey FOREIGN KEY (host_id) REFERENCES tasker.host(host_id);

ALTER TABLE ONLY tasker.host_plugin
    ADD CONSTRAINT host_plugin_host_id_fkey FOREIGN KEY (host_id) REFERENCES tasker.host(host_id);

ALTER TABLE ONLY tasker.host_plugin
    ADD CONSTRAINT host_plugin_plugin_id_fkey FOREIGN KEY (plugin_id) REFERENCES tasker.plugin(plugin_id);

ALTER TABLE ONLY tasker.object_map
    ADD CONSTRAINT object_map_system_one_fkey FOREIGN KEY (system_one) REFERENCES tasker.dependent_system(dependent_system_id);

ALTER TABLE ONLY tasker.object_map
    ADD CONSTRAINT object_map_system_two_fkey FOREIGN KEY (system_two) REFERENCES tasker.dependent_system(dependent_system_id);

ALTER TABLE ONLY tasker.plugin_ban
    ADD CONSTRAINT plugin_ban_host_id_fkey FOREIGN KEY (host_id) REFERENCES tasker.host(host_id);

ALTER TABLE ONLY tasker.template_edge
    ADD CONSTRAINT template_edge_template_id_fkey FOREIGN KEY (template_id) REFERENCES tasker.template(template_id);

ALTER TABLE ONLY tasker.template
    ADD CONSTRAINT template_namespace_id_fkey FOREIGN KEY (namespace_id) REFERENCES tasker.namespace(namespace_id);

ALTER TABLE ONLY tasker.template
    ADD CONSTRAINT template_plugin_id_fkey FOREIGN KEY (plugin_id) REFERENCES tasker.plugin(plugin_id);

ALTER TABLE ONLY tasker.template_step
    ADD CONSTRAINT template_step_plugin_id_fkey FOREIGN KEY (plugin_id) REFERENCES tasker.plugin(plugin_id);

ALTER TABLE ONLY tasker.template_step
    ADD CONSTRAINT template_step_template_id_fkey FOREIGN KEY (template_id) REFERENCES tasker.template(template_id);

