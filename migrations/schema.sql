-- Written by `make schema`: what the migrations come to, as Postgres 15 says it.
-- Change the migrations, not this file.

CREATE EXTENSION btree_gin;
CREATE EXTENSION pg_trgm;

CREATE TYPE task_priority AS ENUM ('low', 'medium', 'high', 'urgent');

CREATE TABLE users (
    id               bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    issuer           text NOT NULL,
    subject          text NOT NULL,
    time_zone        text NOT NULL,
    reminder_offsets integer[] NOT NULL,
    quiet_hours      text,
    all_day_time     integer NOT NULL,
    created_at       timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT users_pkey PRIMARY KEY (id),
    CONSTRAINT users_issuer_subject_key UNIQUE (issuer, subject),
    CONSTRAINT users_all_day_time_check CHECK (((all_day_time >= 0) AND (all_day_time <= 1439)))
);
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON users TO tickler_api, tickler_recurrer USING ((id = ( SELECT caller_id() AS caller_id)));
CREATE POLICY settings ON users FOR SELECT TO tickler_notifier USING (true);
GRANT SELECT ON users TO tickler_api;
GRANT UPDATE (time_zone, reminder_offsets, quiet_hours, all_day_time) ON users TO tickler_api;
GRANT SELECT (id, time_zone, quiet_hours) ON users TO tickler_notifier;
GRANT SELECT (id, time_zone, reminder_offsets, all_day_time) ON users TO tickler_recurrer;

CREATE TABLE tokens (
    id           bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    user_id      bigint NOT NULL,
    name         text NOT NULL DEFAULT ''::text,
    prefix       text NOT NULL,
    hash         bytea,
    scopes       text[] NOT NULL DEFAULT '{tasks:read,tasks:write}'::text[],
    created_at   timestamp with time zone NOT NULL DEFAULT now(),
    expires_at   timestamp with time zone,
    last_used_at timestamp with time zone,
    revoked_at   timestamp with time zone,
    client_id    text,
    leads_to     text,
    resource     text NOT NULL DEFAULT ''::text,
    CONSTRAINT tokens_pkey PRIMARY KEY (id),
    CONSTRAINT tokens_hash_key UNIQUE (hash),
    CONSTRAINT tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
    CONSTRAINT tokens_check CHECK (((hash IS NULL) = (client_id IS NOT NULL)))
);
CREATE INDEX idx_tokens_user ON tokens USING btree (user_id);
ALTER TABLE tokens ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON tokens TO tickler_api, tickler_recurrer USING ((user_id = ( SELECT caller_id() AS caller_id)));
GRANT INSERT (user_id, name, prefix, hash, scopes, expires_at, client_id, leads_to, resource) ON tokens TO tickler_api;
GRANT SELECT (id, user_id, name, prefix, scopes, created_at, expires_at, last_used_at, revoked_at, client_id, leads_to, resource) ON tokens TO tickler_api;
GRANT UPDATE (expires_at, revoked_at) ON tokens TO tickler_api;

CREATE TABLE categories (
    id         bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    user_id    bigint NOT NULL,
    name       text NOT NULL,
    name_key   text NOT NULL,
    color      text,
    created_at timestamp with time zone NOT NULL DEFAULT now(),
    words      tsvector NOT NULL GENERATED ALWAYS AS (text_words(name)) STORED,
    CONSTRAINT categories_pkey PRIMARY KEY (id),
    CONSTRAINT categories_user_id_id_key UNIQUE (user_id, id),
    CONSTRAINT categories_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
    CONSTRAINT categories_color_check CHECK ((color ~ '^#[0-9A-Fa-f]{6}$'::text)),
    CONSTRAINT categories_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 50)))
);
CREATE UNIQUE INDEX idx_categories_name ON categories USING btree (user_id, name_key);
ALTER TABLE categories ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON categories TO tickler_api, tickler_recurrer USING ((user_id = ( SELECT caller_id() AS caller_id)));
GRANT SELECT, INSERT, UPDATE, DELETE ON categories TO tickler_api;
GRANT SELECT ON categories TO tickler_recurrer;

CREATE TABLE tags (
    id         bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    user_id    bigint NOT NULL,
    name       text NOT NULL,
    name_key   text NOT NULL,
    color      text,
    created_at timestamp with time zone NOT NULL DEFAULT now(),
    words      tsvector NOT NULL GENERATED ALWAYS AS (text_words(name)) STORED,
    CONSTRAINT tags_pkey PRIMARY KEY (id),
    CONSTRAINT tags_user_id_id_key UNIQUE (user_id, id),
    CONSTRAINT tags_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
    CONSTRAINT tags_color_check CHECK ((color ~ '^#[0-9A-Fa-f]{6}$'::text)),
    CONSTRAINT tags_name_check CHECK (((char_length(name) >= 1) AND (char_length(name) <= 30)))
);
CREATE UNIQUE INDEX idx_tags_name ON tags USING btree (user_id, name_key);
ALTER TABLE tags ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON tags TO tickler_api, tickler_recurrer USING ((user_id = ( SELECT caller_id() AS caller_id)));
GRANT SELECT, INSERT, UPDATE, DELETE ON tags TO tickler_api;
GRANT SELECT ON tags TO tickler_recurrer;

CREATE TABLE tasks (
    id                      bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    user_id                 bigint NOT NULL,
    title                   text NOT NULL,
    description             text NOT NULL DEFAULT ''::text,
    priority                task_priority NOT NULL DEFAULT 'medium'::task_priority,
    category_id             bigint,
    tag_ids                 bigint[] NOT NULL DEFAULT '{}'::bigint[],
    completed_at            timestamp with time zone,
    completed               boolean NOT NULL GENERATED ALWAYS AS ((completed_at IS NOT NULL)) STORED,
    estimate_minutes        integer,
    due_date                timestamp with time zone,
    all_day                 boolean NOT NULL DEFAULT false,
    time_zone               text NOT NULL,
    due_wall                timestamp without time zone,
    recurrence_rule         text,
    recurrence_base         text NOT NULL DEFAULT 'due'::text,
    series_id               uuid,
    series_start            timestamp without time zone,
    series_start_occurrence integer NOT NULL DEFAULT 1,
    occurrence              integer NOT NULL DEFAULT 1,
    series_date             timestamp without time zone,
    missed                  text NOT NULL DEFAULT 'skip'::text,
    skipped                 jsonb,
    previous_task_id        bigint,
    reminder_offsets        integer[],
    absolute_reminder       timestamp with time zone,
    snoozed_until           timestamp with time zone,
    reminder_times          timestamp with time zone[] NOT NULL DEFAULT '{}'::timestamp with time zone[],
    nag_minutes             integer,
    nag_from                timestamp with time zone,
    idempotency_key         text,
    idempotency_digest      bytea,
    created_at              timestamp with time zone NOT NULL,
    updated_at              timestamp with time zone NOT NULL,
    deleted_at              timestamp with time zone,
    version                 integer NOT NULL DEFAULT 1,
    parent_id               bigint,
    blocked_by              bigint[],
    start_date              timestamp with time zone,
    start_all_day           boolean NOT NULL DEFAULT false,
    waiting_for             text,
    deleted_with            bigint,
    said                    text[],
    search_vector           tsvector NOT NULL GENERATED ALWAYS AS (task_words(user_id, category_id, tag_ids, title, description, said)) STORED,
    CONSTRAINT tasks_pkey PRIMARY KEY (id),
    CONSTRAINT tasks_previous_task_id_key UNIQUE (previous_task_id),
    CONSTRAINT tasks_user_id_id_key UNIQUE (user_id, id),
    CONSTRAINT tasks_previous_task_id_fkey FOREIGN KEY (previous_task_id) REFERENCES tasks(id) ON DELETE SET NULL,
    CONSTRAINT tasks_user_id_category_id_fkey FOREIGN KEY (user_id, category_id) REFERENCES categories(user_id, id) ON DELETE SET NULL (category_id),
    CONSTRAINT tasks_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
    CONSTRAINT tasks_user_id_parent_id_fkey FOREIGN KEY (user_id, parent_id) REFERENCES tasks(user_id, id) ON DELETE SET NULL (parent_id),
    CONSTRAINT tasks_blocked_by_check CHECK (((cardinality(blocked_by) >= 1) AND (cardinality(blocked_by) <= 50))),
    CONSTRAINT tasks_check CHECK (((recurrence_rule IS NULL) OR ((series_id IS NOT NULL) AND (series_start IS NOT NULL)))),
    CONSTRAINT tasks_check1 CHECK ((parent_id <> id)),
    CONSTRAINT tasks_estimate_minutes_check CHECK (((estimate_minutes >= 1) AND (estimate_minutes <= 525600))),
    CONSTRAINT tasks_missed_check CHECK ((missed = ANY (ARRAY['skip'::text, 'keep'::text]))),
    CONSTRAINT tasks_recurrence_base_check CHECK ((recurrence_base = ANY (ARRAY['due'::text, 'completion'::text]))),
    CONSTRAINT tasks_title_check CHECK (((char_length(title) >= 1) AND (char_length(title) <= 200))),
    CONSTRAINT tasks_waiting_for_check CHECK (((char_length(waiting_for) >= 1) AND (char_length(waiting_for) <= 200)))
);
CREATE INDEX idx_tasks_blocked ON tasks USING btree (user_id) INCLUDE (id, blocked_by, completed, deleted_at) WHERE (blocked_by IS NOT NULL);
CREATE INDEX idx_tasks_category ON tasks USING btree (user_id, category_id) WHERE (category_id IS NOT NULL);
CREATE INDEX idx_tasks_completed ON tasks USING btree (user_id, completed_at, id) INCLUDE (estimate_minutes) WHERE (completed AND (deleted_at IS NULL));
CREATE INDEX idx_tasks_created ON tasks USING btree (user_id, created_at, id) WHERE (deleted_at IS NULL);
CREATE INDEX idx_tasks_deleted ON tasks USING btree (deleted_at) WHERE (deleted_at IS NOT NULL);
CREATE INDEX idx_tasks_due ON tasks USING btree (user_id, COALESCE(due_date, 'infinity'::timestamp with time zone), id) INCLUDE (due_date, priority, completed, category_id, estimate_minutes) WHERE (deleted_at IS NULL);
CREATE UNIQUE INDEX idx_tasks_idempotency ON tasks USING btree (user_id, idempotency_key) WHERE (idempotency_key IS NOT NULL);
CREATE INDEX idx_tasks_open ON tasks USING btree (user_id, COALESCE(due_date, 'infinity'::timestamp with time zone), id) INCLUDE (due_date, priority, category_id, estimate_minutes, parent_id, blocked_by, start_date, waiting_for) WHERE ((deleted_at IS NULL) AND (NOT completed));
CREATE INDEX idx_tasks_parts ON tasks USING btree (user_id, parent_id) INCLUDE (id, completed, deleted_at) WHERE (parent_id IS NOT NULL);
CREATE INDEX idx_tasks_priority ON tasks USING btree (user_id, priority, id) WHERE (deleted_at IS NULL);
CREATE INDEX idx_tasks_search ON tasks USING gin (search_vector) WITH (gin_pending_list_limit='512');
CREATE INDEX idx_tasks_series_open ON tasks USING btree (user_id, COALESCE(due_date, 'infinity'::timestamp with time zone), id) WHERE ((recurrence_rule IS NOT NULL) AND (due_date IS NOT NULL) AND (NOT completed) AND (deleted_at IS NULL));
CREATE INDEX idx_tasks_title ON tasks USING btree (user_id, lower(title), id) WHERE (deleted_at IS NULL);
CREATE INDEX idx_tasks_trash ON tasks USING btree (user_id, updated_at, id) WHERE (deleted_at IS NOT NULL);
CREATE INDEX idx_tasks_trigrams ON tasks USING gin (((user_id)::text), title gin_trgm_ops) WITH (gin_pending_list_limit='512') WHERE (deleted_at IS NULL);
CREATE INDEX idx_tasks_updated ON tasks USING btree (user_id, updated_at, id) WHERE (deleted_at IS NULL);
ALTER TABLE tasks ENABLE ROW LEVEL SECURITY;
CREATE POLICY claim ON tasks FOR UPDATE TO tickler_notifier USING (true) WITH CHECK (false);
CREATE POLICY own ON tasks TO tickler_api, tickler_recurrer USING ((user_id = ( SELECT caller_id() AS caller_id)));
CREATE POLICY prune ON tasks FOR DELETE TO tickler_notifier USING ((deleted_at < (now() - kept_for('tasks'::text))));
CREATE POLICY scan ON tasks FOR SELECT TO tickler_notifier USING (true);
GRANT SELECT, INSERT, UPDATE, DELETE ON tasks TO tickler_api;
GRANT DELETE ON tasks TO tickler_notifier;
GRANT SELECT (id, title, priority, completed, due_date, all_day, time_zone, reminder_times, nag_minutes, nag_from, updated_at, deleted_at, version) ON tasks TO tickler_notifier;
GRANT UPDATE (version) ON tasks TO tickler_notifier;
GRANT INSERT (id, user_id, title, description, priority, category_id, tag_ids, completed_at, completed, estimate_minutes, due_date, all_day, time_zone, due_wall, recurrence_rule, recurrence_base, series_id, series_start, series_start_occurrence, occurrence, series_date, missed, skipped, previous_task_id, reminder_offsets, absolute_reminder, snoozed_until, reminder_times, nag_minutes, nag_from, idempotency_key, idempotency_digest, created_at, updated_at, deleted_at, version, parent_id, blocked_by, start_date, start_all_day, waiting_for, deleted_with) ON tasks TO tickler_recurrer;
GRANT SELECT (id, user_id, title, description, priority, category_id, tag_ids, completed_at, completed, estimate_minutes, due_date, all_day, time_zone, due_wall, recurrence_rule, recurrence_base, series_id, series_start, series_start_occurrence, occurrence, series_date, missed, skipped, previous_task_id, reminder_offsets, absolute_reminder, snoozed_until, reminder_times, nag_minutes, nag_from, idempotency_key, idempotency_digest, created_at, updated_at, deleted_at, version, parent_id, blocked_by, start_date, start_all_day, waiting_for, deleted_with) ON tasks TO tickler_recurrer;
GRANT UPDATE (version) ON tasks TO tickler_recurrer;

CREATE TABLE task_tags (
    user_id bigint NOT NULL,
    task_id bigint NOT NULL,
    tag_id  bigint NOT NULL,
    CONSTRAINT task_tags_pkey PRIMARY KEY (task_id, tag_id),
    CONSTRAINT task_tags_user_id_tag_id_fkey FOREIGN KEY (user_id, tag_id) REFERENCES tags(user_id, id) ON DELETE CASCADE,
    CONSTRAINT task_tags_user_id_task_id_fkey FOREIGN KEY (user_id, task_id) REFERENCES tasks(user_id, id) ON DELETE CASCADE
);
CREATE INDEX idx_task_tags_tag ON task_tags USING btree (user_id, tag_id, task_id);
CREATE INDEX idx_task_tags_task ON task_tags USING btree (user_id, task_id);
ALTER TABLE task_tags ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON task_tags TO tickler_api, tickler_recurrer USING ((user_id = ( SELECT caller_id() AS caller_id)));
GRANT SELECT, INSERT, DELETE ON task_tags TO tickler_api;
GRANT SELECT, INSERT ON task_tags TO tickler_recurrer;

CREATE TABLE reminders (
    task_id      bigint NOT NULL,
    user_id      bigint NOT NULL,
    remind_at    timestamp with time zone,
    reminded_at  timestamp with time zone,
    reminded_due timestamp with time zone,
    CONSTRAINT reminders_pkey PRIMARY KEY (task_id),
    CONSTRAINT reminders_task_id_fkey FOREIGN KEY (task_id) REFERENCES tasks(id) ON DELETE CASCADE
) WITH (autovacuum_vacuum_scale_factor=0.02, autovacuum_vacuum_threshold=5000);
CREATE INDEX idx_reminders_due ON reminders USING btree (remind_at) WHERE (remind_at IS NOT NULL);
ALTER TABLE reminders ENABLE ROW LEVEL SECURITY;
CREATE POLICY delivery ON reminders TO tickler_notifier USING (true);
CREATE POLICY own ON reminders TO tickler_api, tickler_recurrer USING ((user_id = ( SELECT caller_id() AS caller_id)));
GRANT SELECT, INSERT, UPDATE, DELETE ON reminders TO tickler_api;
GRANT SELECT, DELETE ON reminders TO tickler_notifier;
GRANT SELECT, INSERT ON reminders TO tickler_recurrer;
GRANT UPDATE (remind_at, reminded_at, reminded_due) ON reminders TO tickler_notifier;

CREATE TABLE journal (
    id          bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    position    bigint NOT NULL DEFAULT GREATEST(((pg_current_xact_id())::text)::bigint, (((pg_snapshot_xmax(pg_current_snapshot()))::text)::bigint - 1)),
    user_id     bigint NOT NULL,
    at          timestamp with time zone NOT NULL,
    call_id     uuid NOT NULL,
    actor_kind  text NOT NULL,
    actor       text NOT NULL,
    token_id    bigint,
    client      text,
    transport   text NOT NULL,
    object      text NOT NULL,
    object_id   bigint NOT NULL,
    action      text NOT NULL,
    before      json,
    after       json,
    restores    json,
    event_id    uuid,
    event_type  text,
    version     integer,
    source      text,
    traceparent text,
    undoes      bigint,
    CONSTRAINT journal_pkey PRIMARY KEY (id),
    CONSTRAINT journal_actor_kind_check CHECK ((actor_kind = ANY (ARRAY['person'::text, 'agent'::text, 'system'::text]))),
    CONSTRAINT journal_check CHECK (((object <> 'task'::text) OR ((event_id IS NOT NULL) AND (event_type IS NOT NULL) AND (version IS NOT NULL) AND (source IS NOT NULL))))
);
CREATE INDEX idx_journal_object ON journal USING btree (user_id, object_id, id);
CREATE INDEX idx_journal_user ON journal USING btree (user_id, "position", id);
ALTER TABLE journal ENABLE ROW LEVEL SECURITY;
CREATE POLICY in_time ON journal AS RESTRICTIVE FOR INSERT TO tickler_notifier WITH CHECK ((at <= (now() + '00:05:00'::interval)));
CREATE POLICY notify ON journal FOR INSERT TO tickler_notifier WITH CHECK (((actor_kind = 'system'::text) AND (restores IS NULL) AND (undoes IS NULL) AND (token_id IS NULL) AND (((object = 'task'::text) AND (action = 'reminded'::text) AND (event_type = 'reminder.sent'::text) AND (before IS NULL)) OR ((object = 'channel'::text) AND (action = 'updated'::text) AND (event_type IS NULL)))));
CREATE POLICY oldest ON journal FOR SELECT TO tickler_notifier USING (true);
CREATE POLICY own ON journal TO tickler_api, tickler_recurrer USING ((user_id = ( SELECT caller_id() AS caller_id)));
CREATE POLICY prune ON journal FOR DELETE TO tickler_notifier USING ((at < (now() - kept_for('journal'::text))));
CREATE POLICY work ON journal AS RESTRICTIVE FOR INSERT TO tickler_recurrer WITH CHECK (((actor_kind = 'system'::text) AND (object = 'task'::text) AND (undoes IS NULL) AND (token_id IS NULL) AND (before IS NULL) AND (restores IS NULL) AND ((((action = 'created'::text) AND (event_type = 'task.created'::text)) OR ((action = 'blocked'::text) AND (event_type = 'task.blocked'::text))) OR ((action = 'unblocked'::text) AND (event_type = 'task.unblocked'::text))) AND ((at >= (now() - '00:15:00'::interval)) AND (at <= (now() + '00:05:00'::interval)))));
GRANT SELECT ON journal TO tickler_api;
GRANT DELETE ON journal TO tickler_notifier;
GRANT INSERT (user_id, at, call_id, actor_kind, actor, token_id, client, transport, object, object_id, action, before, after, restores, event_id, event_type, version, source, traceparent, undoes) ON journal TO tickler_api;
GRANT INSERT (user_id, at, call_id, actor_kind, actor, token_id, client, transport, object, object_id, action, before, after, restores, event_id, event_type, version, source, traceparent, undoes) ON journal TO tickler_notifier;
GRANT SELECT (id, position, at, object_id) ON journal TO tickler_notifier;
GRANT INSERT (user_id, at, call_id, actor_kind, actor, token_id, client, transport, object, object_id, action, before, after, restores, event_id, event_type, version, source, traceparent, undoes) ON journal TO tickler_recurrer;
GRANT SELECT (id, object_id) ON journal TO tickler_recurrer;

CREATE TABLE journal_floor (
    one      boolean NOT NULL DEFAULT true,
    position bigint NOT NULL,
    CONSTRAINT journal_floor_pkey PRIMARY KEY (one),
    CONSTRAINT journal_floor_one_check CHECK (one)
);
GRANT SELECT ON journal_floor TO tickler_api;
GRANT SELECT ON journal_floor TO tickler_notifier;
GRANT UPDATE (position) ON journal_floor TO tickler_notifier;

CREATE TABLE channels (
    id              bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    user_id         bigint NOT NULL,
    kind            text NOT NULL,
    target          text NOT NULL,
    secret          text,
    enabled         boolean NOT NULL DEFAULT true,
    confirmed       boolean NOT NULL DEFAULT true,
    problem         text,
    failures        integer NOT NULL DEFAULT 0,
    last_success_at timestamp with time zone,
    next_attempt_at timestamp with time zone,
    rest_until      timestamp with time zone,
    leased_until    timestamp with time zone,
    lease           bigint NOT NULL DEFAULT 0,
    created_at      timestamp with time zone NOT NULL DEFAULT now(),
    signs_in        boolean NOT NULL DEFAULT false,
    CONSTRAINT channels_pkey PRIMARY KEY (id),
    CONSTRAINT channels_user_id_kind_target_key UNIQUE (user_id, kind, target),
    CONSTRAINT channels_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
    CONSTRAINT channels_check CHECK ((confirmed OR (NOT enabled))),
    CONSTRAINT channels_check1 CHECK (((NOT signs_in) OR ((kind = 'email'::text) AND confirmed))),
    CONSTRAINT channels_kind_check CHECK ((kind = ANY (ARRAY['webhook'::text, 'ntfy'::text, 'email'::text, 'discord'::text, 'slack'::text, 'telegram'::text, 'gotify'::text])))
);
CREATE INDEX idx_channels_due ON channels USING btree (next_attempt_at) WHERE ((enabled OR (NOT confirmed)) AND (next_attempt_at IS NOT NULL));
ALTER TABLE channels ENABLE ROW LEVEL SECURITY;
CREATE POLICY delivery ON channels TO tickler_notifier USING (true);
CREATE POLICY own ON channels TO tickler_api, tickler_recurrer USING ((user_id = ( SELECT caller_id() AS caller_id)));
GRANT SELECT, INSERT, UPDATE, DELETE ON channels TO tickler_api;
GRANT SELECT ON channels TO tickler_notifier;
GRANT UPDATE (enabled, problem, failures, last_success_at, next_attempt_at, rest_until, leased_until, lease) ON channels TO tickler_notifier;

CREATE TABLE deliveries (
    id              bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    user_id         bigint NOT NULL,
    channel_id      bigint,
    target          text NOT NULL,
    event_id        uuid NOT NULL,
    kind            text NOT NULL,
    task_id         bigint,
    due_date        timestamp with time zone,
    content         json NOT NULL,
    state           text NOT NULL DEFAULT 'pending'::text,
    outcome         text NOT NULL DEFAULT ''::text,
    attempts        integer NOT NULL DEFAULT 0,
    sending         boolean NOT NULL DEFAULT false,
    resends         integer NOT NULL DEFAULT 0,
    held            boolean NOT NULL DEFAULT false,
    at_once         boolean NOT NULL DEFAULT false,
    summed_into     bigint,
    next_attempt_at timestamp with time zone NOT NULL,
    mailed_at       timestamp with time zone,
    created_at      timestamp with time zone NOT NULL,
    finished_at     timestamp with time zone,
    CONSTRAINT deliveries_pkey PRIMARY KEY (id),
    CONSTRAINT deliveries_channel_id_event_id_key UNIQUE (channel_id, event_id),
    CONSTRAINT deliveries_channel_id_fkey FOREIGN KEY (channel_id) REFERENCES channels(id) ON DELETE SET NULL,
    CONSTRAINT deliveries_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
    CONSTRAINT deliveries_kind_check CHECK ((kind = ANY (ARRAY['reminder'::text, 'test'::text, 'notice'::text, 'confirmation'::text, 'sign_in'::text]))),
    CONSTRAINT deliveries_state_check CHECK ((state = ANY (ARRAY['pending'::text, 'sent'::text, 'failed'::text, 'dropped'::text, 'unknown'::text])))
);
CREATE INDEX idx_deliveries_created ON deliveries USING btree (created_at);
CREATE INDEX idx_deliveries_due ON deliveries USING btree (channel_id, next_attempt_at, id) WHERE (state = 'pending'::text);
CREATE INDEX idx_deliveries_mailed ON deliveries USING btree (user_id, mailed_at) WHERE (mailed_at IS NOT NULL);
CREATE INDEX idx_deliveries_summed ON deliveries USING btree (summed_into) WHERE (summed_into IS NOT NULL);
CREATE INDEX idx_deliveries_task ON deliveries USING btree (task_id) WHERE ((state = 'pending'::text) AND (kind = 'reminder'::text));
CREATE INDEX idx_deliveries_user ON deliveries USING btree (user_id, id);
ALTER TABLE deliveries ENABLE ROW LEVEL SECURITY;
CREATE POLICY delivery ON deliveries TO tickler_notifier USING (true);
CREATE POLICY own ON deliveries TO tickler_api, tickler_recurrer USING ((user_id = ( SELECT caller_id() AS caller_id)));
CREATE POLICY prune ON deliveries AS RESTRICTIVE FOR DELETE TO tickler_notifier USING ((created_at < (now() - kept_for('deliveries'::text))));
GRANT SELECT, INSERT, UPDATE ON deliveries TO tickler_api;
GRANT SELECT, INSERT, DELETE ON deliveries TO tickler_notifier;
GRANT UPDATE (state, outcome, attempts, sending, resends, held, summed_into, next_attempt_at, mailed_at, finished_at) ON deliveries TO tickler_notifier;
GRANT SELECT (user_id, kind, task_id, state, next_attempt_at) ON deliveries TO tickler_recurrer;

CREATE TABLE channel_confirmations (
    hash       bytea NOT NULL,
    channel_id bigint NOT NULL,
    expires_at timestamp with time zone NOT NULL DEFAULT (now() + '24:00:00'::interval),
    CONSTRAINT channel_confirmations_pkey PRIMARY KEY (hash),
    CONSTRAINT channel_confirmations_channel_id_fkey FOREIGN KEY (channel_id) REFERENCES channels(id) ON DELETE CASCADE
);
CREATE INDEX idx_channel_confirmations_channel ON channel_confirmations USING btree (channel_id);
ALTER TABLE channel_confirmations ENABLE ROW LEVEL SECURITY;
CREATE POLICY add ON channel_confirmations FOR INSERT TO tickler_notifier WITH CHECK (true);
CREATE POLICY expired ON channel_confirmations TO tickler_notifier USING ((expires_at <= now()));
GRANT DELETE ON channel_confirmations TO tickler_notifier;
GRANT INSERT (hash, channel_id) ON channel_confirmations TO tickler_notifier;
GRANT SELECT (channel_id, expires_at) ON channel_confirmations TO tickler_notifier;

CREATE TABLE calendar_feeds (
    user_id    bigint NOT NULL,
    hash       bytea NOT NULL,
    created_at timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT calendar_feeds_pkey PRIMARY KEY (user_id),
    CONSTRAINT calendar_feeds_hash_key UNIQUE (hash),
    CONSTRAINT calendar_feeds_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
ALTER TABLE calendar_feeds ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON calendar_feeds TO tickler_api, tickler_recurrer USING ((user_id = ( SELECT caller_id() AS caller_id)));
GRANT SELECT, INSERT, UPDATE, DELETE ON calendar_feeds TO tickler_api;

CREATE TABLE outbox (
    shard     smallint NOT NULL,
    topic     text NOT NULL,
    id        bigint NOT NULL,
    task_id   bigint NOT NULL,
    parked_at timestamp with time zone,
    error     text,
    CONSTRAINT outbox_pkey PRIMARY KEY (shard, topic, id)
) WITH (autovacuum_vacuum_scale_factor=0, autovacuum_vacuum_threshold=1000);
CREATE INDEX idx_outbox_parked ON outbox USING btree (task_id) WHERE (parked_at IS NOT NULL);
ALTER TABLE outbox ENABLE ROW LEVEL SECURITY;
CREATE POLICY publish ON outbox TO tickler_relay USING (true);
CREATE POLICY record ON outbox FOR INSERT TO tickler_api WITH CHECK (true);
CREATE POLICY work ON outbox FOR INSERT TO tickler_notifier, tickler_recurrer WITH CHECK ((NOT is_recorded(id)));
GRANT INSERT ON outbox TO tickler_api;
GRANT INSERT ON outbox TO tickler_notifier;
GRANT INSERT ON outbox TO tickler_recurrer;
GRANT SELECT, DELETE ON outbox TO tickler_relay;
GRANT UPDATE (parked_at, error) ON outbox TO tickler_relay;

CREATE TABLE inbox (
    consumer   text NOT NULL,
    event_id   uuid NOT NULL,
    handled_at timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT inbox_pkey PRIMARY KEY (consumer, event_id)
);
CREATE INDEX idx_inbox_handled ON inbox USING btree (handled_at);
GRANT SELECT, INSERT, DELETE ON inbox TO tickler_notifier;

CREATE TABLE dead_letters (
    id          bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    topic       text NOT NULL,
    event_id    uuid,
    event_type  text NOT NULL DEFAULT ''::text,
    task_id     bigint,
    reason      text NOT NULL,
    document    text NOT NULL,
    received_at timestamp with time zone NOT NULL DEFAULT now(),
    redriven_at timestamp with time zone,
    CONSTRAINT dead_letters_pkey PRIMARY KEY (id)
);
CREATE UNIQUE INDEX idx_dead_letters_event ON dead_letters USING btree (topic, COALESCE((event_id)::text, md5(document))) WHERE (redriven_at IS NULL);
CREATE INDEX idx_dead_letters_received ON dead_letters USING btree (received_at);
GRANT INSERT, DELETE ON dead_letters TO tickler_notifier;
GRANT INSERT ON dead_letters TO tickler_recurrer;
GRANT SELECT ON dead_letters TO tickler_relay;
GRANT SELECT (id, received_at) ON dead_letters TO tickler_notifier;
GRANT UPDATE (redriven_at) ON dead_letters TO tickler_relay;

CREATE TABLE web_sessions (
    id           bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    user_id      bigint NOT NULL,
    hash         bytea NOT NULL,
    browser      text NOT NULL,
    address      text NOT NULL,
    method       text NOT NULL,
    created_at   timestamp with time zone NOT NULL DEFAULT now(),
    last_used_at timestamp with time zone NOT NULL DEFAULT now(),
    expires_at   timestamp with time zone NOT NULL,
    CONSTRAINT web_sessions_pkey PRIMARY KEY (id),
    CONSTRAINT web_sessions_hash_key UNIQUE (hash),
    CONSTRAINT web_sessions_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE INDEX idx_web_sessions_expired ON web_sessions USING btree (expires_at);
CREATE INDEX idx_web_sessions_user ON web_sessions USING btree (user_id);
ALTER TABLE web_sessions ENABLE ROW LEVEL SECURITY;
CREATE POLICY expired ON web_sessions TO tickler_notifier USING ((expires_at <= now()));
CREATE POLICY own ON web_sessions TO tickler_api, tickler_recurrer USING ((user_id = ( SELECT caller_id() AS caller_id)));
GRANT DELETE ON web_sessions TO tickler_api;
GRANT DELETE ON web_sessions TO tickler_notifier;
GRANT INSERT (user_id, hash, browser, address, method, expires_at) ON web_sessions TO tickler_api;
GRANT SELECT (id, user_id, browser, address, method, created_at, last_used_at, expires_at) ON web_sessions TO tickler_api;
GRANT SELECT (id, expires_at) ON web_sessions TO tickler_notifier;

CREATE TABLE sign_in_links (
    hash       bytea NOT NULL,
    user_id    bigint NOT NULL,
    expires_at timestamp with time zone NOT NULL DEFAULT (now() + '00:15:00'::interval),
    CONSTRAINT sign_in_links_pkey PRIMARY KEY (hash),
    CONSTRAINT sign_in_links_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE INDEX idx_sign_in_links_expired ON sign_in_links USING btree (expires_at);
CREATE INDEX idx_sign_in_links_user ON sign_in_links USING btree (user_id);
ALTER TABLE sign_in_links ENABLE ROW LEVEL SECURITY;
CREATE POLICY expired ON sign_in_links FOR SELECT TO tickler_notifier USING ((expires_at <= now()));
CREATE POLICY mail ON sign_in_links FOR INSERT TO tickler_notifier WITH CHECK ((EXISTS ( SELECT
   FROM channels c
  WHERE ((c.user_id = sign_in_links.user_id) AND (c.kind = 'email'::text) AND c.confirmed AND c.signs_in))));
CREATE POLICY own ON sign_in_links TO tickler_api, tickler_recurrer USING ((user_id = ( SELECT caller_id() AS caller_id)));
CREATE POLICY prune ON sign_in_links FOR DELETE TO tickler_notifier USING ((expires_at <= now()));
GRANT DELETE ON sign_in_links TO tickler_api;
GRANT DELETE ON sign_in_links TO tickler_notifier;
GRANT INSERT (hash, user_id) ON sign_in_links TO tickler_api;
GRANT SELECT (user_id, expires_at) ON sign_in_links TO tickler_api;
GRANT INSERT (hash, user_id) ON sign_in_links TO tickler_notifier;
GRANT SELECT (hash, expires_at) ON sign_in_links TO tickler_notifier;

CREATE TABLE passkeys (
    id            bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    user_id       bigint NOT NULL,
    credential_id bytea NOT NULL,
    handle        bytea NOT NULL,
    credential    json NOT NULL,
    name          text NOT NULL,
    created_at    timestamp with time zone NOT NULL DEFAULT now(),
    last_used_at  timestamp with time zone,
    CONSTRAINT passkeys_pkey PRIMARY KEY (id),
    CONSTRAINT passkeys_credential_id_key UNIQUE (credential_id),
    CONSTRAINT passkeys_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE INDEX idx_passkeys_user ON passkeys USING btree (user_id);
ALTER TABLE passkeys ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON passkeys TO tickler_api, tickler_recurrer USING ((user_id = ( SELECT caller_id() AS caller_id)));
GRANT SELECT, DELETE ON passkeys TO tickler_api;
GRANT INSERT (user_id, credential_id, handle, credential, name) ON passkeys TO tickler_api;
GRANT UPDATE (credential, name, last_used_at) ON passkeys TO tickler_api;

CREATE TABLE sign_in_steps (
    hash       bytea NOT NULL,
    kind       text NOT NULL,
    state      text NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    CONSTRAINT sign_in_steps_pkey PRIMARY KEY (hash),
    CONSTRAINT sign_in_steps_kind_check CHECK ((kind = ANY (ARRAY['passkey'::text, 'issuer'::text, 'form'::text]))),
    CONSTRAINT sign_in_steps_state_check CHECK ((octet_length(state) <= 131072))
);
CREATE INDEX idx_sign_in_steps_expired ON sign_in_steps USING btree (expires_at);
ALTER TABLE sign_in_steps ENABLE ROW LEVEL SECURITY;
CREATE POLICY expired ON sign_in_steps TO tickler_notifier USING ((expires_at <= now()));
GRANT DELETE ON sign_in_steps TO tickler_notifier;
GRANT SELECT (hash, expires_at) ON sign_in_steps TO tickler_notifier;

CREATE TABLE oauth_tokens (
    id         bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    user_id    bigint NOT NULL,
    token_id   bigint NOT NULL,
    kind       text NOT NULL,
    hash       bytea NOT NULL,
    scopes     text[] NOT NULL,
    expires_at timestamp with time zone NOT NULL,
    used_at    timestamp with time zone,
    salt       bytea,
    successor  text[],
    CONSTRAINT oauth_tokens_pkey PRIMARY KEY (id),
    CONSTRAINT oauth_tokens_hash_key UNIQUE (hash),
    CONSTRAINT oauth_tokens_token_id_fkey FOREIGN KEY (token_id) REFERENCES tokens(id) ON DELETE CASCADE,
    CONSTRAINT oauth_tokens_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
    CONSTRAINT oauth_tokens_kind_check CHECK ((kind = ANY (ARRAY['access'::text, 'refresh'::text])))
);
CREATE INDEX idx_oauth_tokens_expired ON oauth_tokens USING btree (expires_at);
CREATE INDEX idx_oauth_tokens_token ON oauth_tokens USING btree (token_id);
CREATE INDEX idx_oauth_tokens_user ON oauth_tokens USING btree (user_id);
ALTER TABLE oauth_tokens ENABLE ROW LEVEL SECURITY;
CREATE POLICY expired ON oauth_tokens TO tickler_notifier USING ((expires_at <= now()));
CREATE POLICY own ON oauth_tokens TO tickler_api, tickler_recurrer USING ((user_id = ( SELECT caller_id() AS caller_id)));
GRANT DELETE ON oauth_tokens TO tickler_notifier;
GRANT INSERT (user_id, token_id, kind, hash, scopes, expires_at) ON oauth_tokens TO tickler_api;
GRANT SELECT (id, user_id, token_id, kind, scopes, expires_at, used_at, salt, successor) ON oauth_tokens TO tickler_api;
GRANT UPDATE (expires_at, used_at, salt, successor) ON oauth_tokens TO tickler_api;
GRANT SELECT (id, expires_at) ON oauth_tokens TO tickler_notifier;

CREATE TABLE oauth_codes (
    id          bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    user_id     bigint NOT NULL,
    hash        bytea NOT NULL,
    client_id   text NOT NULL,
    client_name text NOT NULL,
    redirect    text NOT NULL,
    challenge   text NOT NULL,
    resource    text NOT NULL,
    scopes      text[] NOT NULL,
    attempt     bytea NOT NULL,
    expires_at  timestamp with time zone NOT NULL DEFAULT (now() + '00:01:00'::interval),
    token_id    bigint,
    CONSTRAINT oauth_codes_pkey PRIMARY KEY (id),
    CONSTRAINT oauth_codes_hash_key UNIQUE (hash),
    CONSTRAINT oauth_codes_token_id_fkey FOREIGN KEY (token_id) REFERENCES tokens(id) ON DELETE CASCADE,
    CONSTRAINT oauth_codes_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE
);
CREATE INDEX idx_oauth_codes_expired ON oauth_codes USING btree (expires_at);
CREATE INDEX idx_oauth_codes_token ON oauth_codes USING btree (token_id);
CREATE INDEX idx_oauth_codes_user ON oauth_codes USING btree (user_id);
ALTER TABLE oauth_codes ENABLE ROW LEVEL SECURITY;
CREATE POLICY expired ON oauth_codes TO tickler_notifier USING ((expires_at <= now()));
CREATE POLICY own ON oauth_codes TO tickler_api, tickler_recurrer USING ((user_id = ( SELECT caller_id() AS caller_id)));
GRANT DELETE ON oauth_codes TO tickler_notifier;
GRANT INSERT (user_id, hash, client_id, client_name, redirect, challenge, resource, scopes, attempt) ON oauth_codes TO tickler_api;
GRANT SELECT (id, user_id, client_id, client_name, redirect, challenge, resource, scopes, attempt, expires_at, token_id) ON oauth_codes TO tickler_api;
GRANT UPDATE (token_id) ON oauth_codes TO tickler_api;
GRANT SELECT (id, expires_at) ON oauth_codes TO tickler_notifier;

CREATE TABLE oauth_attempts (
    id      bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    user_id bigint NOT NULL,
    key     bytea NOT NULL,
    client  text NOT NULL,
    step    text NOT NULL,
    problem text NOT NULL DEFAULT ''::text,
    at      timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT oauth_attempts_pkey PRIMARY KEY (id),
    CONSTRAINT oauth_attempts_user_id_key_key UNIQUE (user_id, key),
    CONSTRAINT oauth_attempts_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
    CONSTRAINT oauth_attempts_step_check CHECK ((step = ANY (ARRAY['request'::text, 'consent'::text, 'declined'::text, 'code'::text, 'token'::text, 'connected'::text])))
);
CREATE INDEX idx_oauth_attempts_at ON oauth_attempts USING btree (at);
ALTER TABLE oauth_attempts ENABLE ROW LEVEL SECURITY;
CREATE POLICY old ON oauth_attempts TO tickler_notifier USING ((at < (now() - kept_for('oauth_attempts'::text))));
CREATE POLICY own ON oauth_attempts TO tickler_api, tickler_recurrer USING ((user_id = ( SELECT caller_id() AS caller_id)));
GRANT SELECT, DELETE ON oauth_attempts TO tickler_api;
GRANT DELETE ON oauth_attempts TO tickler_notifier;
GRANT INSERT (user_id, key, client, step, problem) ON oauth_attempts TO tickler_api;
GRANT UPDATE (client, step, problem, at) ON oauth_attempts TO tickler_api;
GRANT SELECT (id, at) ON oauth_attempts TO tickler_notifier;

CREATE TABLE oauth_clients (
    id         text NOT NULL,
    name       text NOT NULL,
    redirects  text[] NOT NULL,
    created_at timestamp with time zone NOT NULL DEFAULT now(),
    used_at    timestamp with time zone,
    CONSTRAINT oauth_clients_pkey PRIMARY KEY (id)
);
CREATE INDEX idx_oauth_clients_unused ON oauth_clients USING btree (created_at) WHERE (used_at IS NULL);
CREATE INDEX idx_oauth_clients_used ON oauth_clients USING btree (used_at) WHERE (used_at IS NOT NULL);
ALTER TABLE oauth_clients ENABLE ROW LEVEL SECURITY;
CREATE POLICY unused ON oauth_clients TO tickler_notifier USING ((((used_at IS NULL) AND (created_at < (now() - kept_for('oauth_clients'::text)))) OR (used_at < (now() - kept_for('oauth_clients, connected'::text)))));
GRANT DELETE ON oauth_clients TO tickler_notifier;
GRANT SELECT (id, created_at, used_at) ON oauth_clients TO tickler_notifier;

CREATE TABLE comments (
    id          bigint NOT NULL GENERATED ALWAYS AS IDENTITY,
    user_id     bigint NOT NULL,
    task_id     bigint NOT NULL,
    author_kind text NOT NULL,
    author      text NOT NULL,
    token_id    bigint,
    content     text NOT NULL,
    url         text,
    link_title  text,
    link_kind   text,
    created_at  timestamp with time zone NOT NULL,
    updated_at  timestamp with time zone NOT NULL,
    CONSTRAINT comments_pkey PRIMARY KEY (id),
    CONSTRAINT comments_user_id_fkey FOREIGN KEY (user_id) REFERENCES users(id) ON DELETE CASCADE,
    CONSTRAINT comments_user_id_task_id_fkey FOREIGN KEY (user_id, task_id) REFERENCES tasks(user_id, id) ON DELETE CASCADE,
    CONSTRAINT comments_author_kind_check CHECK ((author_kind = ANY (ARRAY['person'::text, 'agent'::text, 'system'::text]))),
    CONSTRAINT comments_check CHECK (((content <> ''::text) OR (url IS NOT NULL))),
    CONSTRAINT comments_check1 CHECK ((((url IS NULL) = (link_kind IS NULL)) AND ((url IS NOT NULL) OR (link_title IS NULL)))),
    CONSTRAINT comments_content_check CHECK ((char_length(content) <= 10000)),
    CONSTRAINT comments_link_kind_check CHECK ((link_kind = ANY (ARRAY['document'::text, 'commit'::text, 'pull_request'::text, 'result'::text]))),
    CONSTRAINT comments_link_title_check CHECK (((char_length(link_title) >= 1) AND (char_length(link_title) <= 200))),
    CONSTRAINT comments_url_check CHECK (((char_length(url) >= 1) AND (char_length(url) <= 2000)))
);
CREATE INDEX idx_comments_task ON comments USING btree (user_id, task_id, id);
ALTER TABLE comments ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON comments TO tickler_api USING ((user_id = ( SELECT caller_id() AS caller_id)));
GRANT SELECT, INSERT, DELETE ON comments TO tickler_api;
GRANT UPDATE (content, url, link_title, link_kind, updated_at) ON comments TO tickler_api;

CREATE TABLE incarnations (
    id                bigint NOT NULL,
    system_identifier bigint NOT NULL,
    timeline          integer NOT NULL,
    transaction       bigint NOT NULL,
    begun_at          timestamp with time zone NOT NULL DEFAULT now(),
    CONSTRAINT incarnations_pkey PRIMARY KEY (id)
);
GRANT SELECT ON incarnations TO tickler_api;
GRANT SELECT ON incarnations TO tickler_notifier;
GRANT SELECT ON incarnations TO tickler_recurrer;

CREATE FUNCTION caller_id()
 RETURNS bigint
 LANGUAGE sql
 STABLE PARALLEL SAFE
RETURN (NULLIF(current_setting('tickler.user_id'::text, true), ''::text))::bigint;
REVOKE ALL ON FUNCTION caller_id() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION caller_id() TO tickler_api;
GRANT EXECUTE ON FUNCTION caller_id() TO tickler_recurrer;

CREATE FUNCTION kept_for(what text)
 RETURNS interval
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN CASE what WHEN 'tasks'::text THEN '30 days'::interval WHEN 'deliveries'::text THEN '30 days'::interval WHEN 'journal'::text THEN '90 days'::interval WHEN 'oauth_attempts'::text THEN '30 days'::interval WHEN 'oauth_clients'::text THEN '1 day'::interval WHEN 'oauth_clients, connected'::text THEN '91 days'::interval ELSE NULL::interval END;
REVOKE ALL ON FUNCTION kept_for(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION kept_for(text) TO tickler_notifier;

CREATE FUNCTION note_token_use(tokens bigint[], instants timestamp with time zone[])
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 UPDATE tokens t SET last_used_at = GREATEST(t.last_used_at, used.at)
    FROM UNNEST(note_token_use.tokens, note_token_use.instants) used(id, at)
   WHERE (t.id = used.id);
END;
REVOKE ALL ON FUNCTION note_token_use(bigint[],timestamp with time zone[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION note_token_use(bigint[],timestamp with time zone[]) TO tickler_api;

CREATE FUNCTION find_user(of_issuer text, named text)
 RETURNS bigint
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 SELECT u.id
    FROM users u
   WHERE ((u.issuer = find_user.of_issuer) AND (u.subject = find_user.named));
END;
REVOKE ALL ON FUNCTION find_user(text,text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_user(text,text) TO tickler_api;

CREATE FUNCTION provision_user(of_issuer text, named text, zone text, offsets integer[], day_time integer)
 RETURNS bigint
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 INSERT INTO users (issuer, subject, time_zone, reminder_offsets, all_day_time)  SELECT provision_user.of_issuer AS of_issuer,
             provision_user.named AS named,
             provision_user.zone AS zone,
             provision_user.offsets AS offsets,
             provision_user.day_time AS day_time
           WHERE (NOT (EXISTS ( SELECT
                    FROM users u
                   WHERE ((u.issuer = provision_user.of_issuer) AND (u.subject = provision_user.named))))) ON CONFLICT(issuer, subject) DO NOTHING;
 SELECT u.id
    FROM users u
   WHERE ((u.issuer = provision_user.of_issuer) AND (u.subject = provision_user.named));
END;
REVOKE ALL ON FUNCTION provision_user(text,text,text,integer[],integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION provision_user(text,text,text,integer[],integer) TO tickler_api;

CREATE FUNCTION check_held(tokens bigint[], users bigint[])
 RETURNS TABLE(token_id bigint, user_id bigint, scopes text[])
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 SELECT t.id,
     t.user_id,
     t.scopes
    FROM tokens t
   WHERE ((t.id = ANY (check_held.tokens)) AND (t.revoked_at IS NULL) AND ((t.expires_at IS NULL) OR (t.expires_at > now())))
 UNION ALL
  SELECT NULL::bigint,
     u.id,
     NULL::text[]
    FROM users u
   WHERE (u.id = ANY (check_held.users));
END;
REVOKE ALL ON FUNCTION check_held(bigint[],bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION check_held(bigint[],bigint[]) TO tickler_api;

CREATE FUNCTION task_lexemes(user_id bigint, category_id bigint, tag_ids bigint[])
 RETURNS tsvector
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN array_to_tsvector((array_remove(ARRAY[(' user '::text || (user_id)::text), (' category '::text || (category_id)::text)], NULL::text) || ARRAY(SELECT (' tag '::text || (tag_id.tag_id)::text) FROM unnest(task_lexemes.tag_ids) tag_id(tag_id))));
REVOKE ALL ON FUNCTION task_lexemes(bigint,bigint,bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION task_lexemes(bigint,bigint,bigint[]) TO tickler_api;
GRANT EXECUTE ON FUNCTION task_lexemes(bigint,bigint,bigint[]) TO tickler_recurrer;

CREATE FUNCTION owned_words(user_id bigint, words text)
 RETURNS text
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE STRICT
RETURN regexp_replace(words, '''((?:[^'']|'''')*)'''::text, ((''''::text || user_id) || ' \1'''::text), 'g'::text);
REVOKE ALL ON FUNCTION owned_words(bigint,text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION owned_words(bigint,text) TO tickler_api;
GRANT EXECUTE ON FUNCTION owned_words(bigint,text) TO tickler_recurrer;

CREATE FUNCTION search_titles(word text, most integer)
 RETURNS TABLE(id bigint, similarity double precision)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
 SET enable_seqscan TO 'off'
BEGIN ATOMIC
 SELECT t.id,
     (word_similarity(search_titles.word, t.title))::double precision AS word_similarity
    FROM tasks t
   WHERE ((search_titles.word <% t.title) AND ((t.user_id)::text = ( SELECT (caller_id())::text AS caller_id)) AND (t.deleted_at IS NULL))
  LIMIT search_titles.most;
END;
REVOKE ALL ON FUNCTION search_titles(text,integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search_titles(text,integer) TO tickler_api;

CREATE FUNCTION recorded_events(users bigint[], tasks bigint[], ids uuid[])
 RETURNS TABLE(event_id uuid, event_type text, at timestamp with time zone, user_id bigint, task_id bigint, version integer, source text, traceparent text, fields text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 SELECT j.event_id,
     j.event_type,
     j.at,
     j.user_id,
     j.object_id,
     j.version,
     j.source,
     COALESCE(j.traceparent, ''::text) AS "coalesce",
     (j.after)::text AS after
    FROM (UNNEST(recorded_events.users, recorded_events.tasks, recorded_events.ids) told(user_id, task_id, event_id)
      JOIN journal j ON (((j.user_id = told.user_id) AND (j.object_id = told.task_id) AND (j.event_id = told.event_id))));
END;
REVOKE ALL ON FUNCTION recorded_events(bigint[],bigint[],uuid[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION recorded_events(bigint[],bigint[],uuid[]) TO tickler_notifier;
GRANT EXECUTE ON FUNCTION recorded_events(bigint[],bigint[],uuid[]) TO tickler_recurrer;
GRANT EXECUTE ON FUNCTION recorded_events(bigint[],bigint[],uuid[]) TO tickler_relay;

CREATE FUNCTION find_confirmation(given bytea)
 RETURNS text
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 SELECT c.target
    FROM (channel_confirmations f
      JOIN channels c ON ((c.id = f.channel_id)))
   WHERE ((f.hash = find_confirmation.given) AND (f.expires_at > now()));
END;
REVOKE ALL ON FUNCTION find_confirmation(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_confirmation(bytea) TO tickler_api;

CREATE FUNCTION confirm_channel(given bytea)
 RETURNS text
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 WITH confirmed AS (
          UPDATE channels c SET confirmed = true, enabled = true, problem = NULL::text, failures = 0
            FROM channel_confirmations f
           WHERE ((f.hash = confirm_channel.given) AND (f.expires_at > now()) AND (c.id = f.channel_id) AND (NOT c.confirmed))
           RETURNING c.id,
             c.user_id
         )
  INSERT INTO journal (user_id, at, call_id, actor_kind, actor, transport, object, object_id, action, before, after)  SELECT confirmed.user_id,
             now() AS now,
             gen_random_uuid() AS gen_random_uuid,
             'person',
             'confirmation link',
             'page',
             'channel',
             confirmed.id,
             'updated',
             '{"enabled":false}',
             '{"enabled":true}'
            FROM confirmed;
 SELECT find_confirmation(given) AS find_confirmation;
END;
REVOKE ALL ON FUNCTION confirm_channel(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION confirm_channel(bytea) TO tickler_api;

CREATE FUNCTION find_calendar(given bytea)
 RETURNS bigint
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 SELECT f.user_id
    FROM calendar_feeds f
   WHERE (f.hash = find_calendar.given);
END;
REVOKE ALL ON FUNCTION find_calendar(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_calendar(bytea) TO tickler_api;

CREATE FUNCTION rfc3339(instant timestamp with time zone)
 RETURNS text
 LANGUAGE sql
 STABLE PARALLEL SAFE STRICT
RETURN to_char((instant AT TIME ZONE 'UTC'::text), 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'::text);
REVOKE ALL ON FUNCTION rfc3339(timestamp with time zone) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION rfc3339(timestamp with time zone) TO tickler_api;
GRANT EXECUTE ON FUNCTION rfc3339(timestamp with time zone) TO tickler_notifier;

CREATE FUNCTION oldest_unpublished()
 RETURNS bigint
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 SELECT min(o.id) AS min
    FROM outbox o;
END;
REVOKE ALL ON FUNCTION oldest_unpublished() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION oldest_unpublished() TO tickler_notifier;

CREATE FUNCTION journal_news(users bigint[], since bigint[], settled bigint[])
 RETURNS TABLE(user_id bigint, until bigint, found boolean, unsettled boolean)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 SELECT u.id,
     h.horizon,
     (EXISTS ( SELECT
            FROM journal j
           WHERE ((j.user_id = u.id) AND (j."position" >= u.since) AND (j."position" < h.horizon)))) AS "exists",
     (EXISTS ( SELECT
            FROM journal j
           WHERE ((j.user_id = u.id) AND (j."position" >= h.horizon)))) AS "exists"
    FROM (UNNEST(journal_news.users, journal_news.since, journal_news.settled) u(id, since, settled)
      CROSS JOIN LATERAL ( SELECT GREATEST(u.settled, ((pg_snapshot_xmin(pg_current_snapshot()))::text)::bigint) AS horizon) h);
END;
REVOKE ALL ON FUNCTION journal_news(bigint[],bigint[],bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION journal_news(bigint[],bigint[],bigint[]) TO tickler_api;

CREATE FUNCTION fold_letters(given text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE WHEN octet_length(given) = char_length(given) THEN lower(given) ELSE translate(
        replace(replace(replace(replace(
            lower(normalize(regexp_replace(normalize(given, NFKD),
                '[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]',
                '', 'g'), NFC)),
            'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'),
        'øłđðħıŧŋς', 'olddhitnσ') END;
END $function$;
REVOKE ALL ON FUNCTION fold_letters(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION fold_letters(text) TO tickler_api;
GRANT EXECUTE ON FUNCTION fold_letters(text) TO tickler_recurrer;

CREATE FUNCTION spell_out_letters(given text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE WHEN octet_length(given) > char_length(given) AND lower(normalize(given, NFC)) ~ '[äöüøå]'
        THEN replace(replace(replace(replace(replace(lower(normalize(given, NFC)), 'ä', 'ae'), 'ö', 'oe'), 'ü', 'ue'), 'ø', 'oe'), 'å', 'aa') END;
END $function$;
REVOKE ALL ON FUNCTION spell_out_letters(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION spell_out_letters(text) TO tickler_api;
GRANT EXECUTE ON FUNCTION spell_out_letters(text) TO tickler_recurrer;

CREATE FUNCTION is_unspaced(code integer)
 RETURNS boolean
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN ((code >= 3584) AND ((code <= 3839) OR ((code >= 4096) AND (code <= 4255)) OR ((code >= 6016) AND (code <= 6143)) OR ((code >= 12293) AND (code <= 12295)) OR ((code >= 12353) AND (code <= 12538)) OR ((code >= 12540) AND (code <= 12591)) OR ((code >= 12784) AND (code <= 12799)) OR ((code >= 13312) AND (code <= 19903)) OR ((code >= 19968) AND (code <= 40959)) OR ((code >= 44032) AND (code <= 55215)) OR ((code >= 63744) AND (code <= 64255)) OR ((code >= 131072) AND (code <= 262143))));
REVOKE ALL ON FUNCTION is_unspaced(integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION is_unspaced(integer) TO tickler_api;
GRANT EXECUTE ON FUNCTION is_unspaced(integer) TO tickler_recurrer;

CREATE FUNCTION pair_letters(given text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE
AS $function$
BEGIN
    RETURN (
        SELECT string_agg(CASE
            WHEN unspaced AND next THEN ' ' || letter || following || ' '
            WHEN unspaced AND previous THEN ' '
            WHEN unspaced THEN ' ' || letter || ' '
            WHEN code BETWEEN 8352 AND 8399 OR code BETWEEN 8592 AND 10239 OR code BETWEEN 10496 AND 11263 OR code BETWEEN 126976 AND 130047
                THEN ' ux' || to_hex(code) || ' '
            ELSE letter END, '' ORDER BY place)
        FROM (
            SELECT letter, code, place, unspaced, lead(letter) OVER along AS following, lead(unspaced) OVER along AS next, lag(unspaced) OVER along AS previous
            FROM (
                SELECT letter, place, ascii(letter) AS code, is_unspaced(ascii(letter)) AS unspaced
                FROM unnest(string_to_array(given, NULL)) WITH ORDINALITY AS each (letter, place)
            ) coded WINDOW along AS (ORDER BY place)
        ) letters);
END $function$;
REVOKE ALL ON FUNCTION pair_letters(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION pair_letters(text) TO tickler_api;
GRANT EXECUTE ON FUNCTION pair_letters(text) TO tickler_recurrer;

CREATE FUNCTION search_words(given text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE
AS $function$
DECLARE
    words text := left(fold_letters(given), 20000); -- some characters are folded into many
BEGIN
    words := CASE WHEN words ~ '[#+]|\.net' THEN
        regexp_replace(regexp_replace(replace(words, '++', 'plusplus '), '([[:alnum:]])#(?![[:alnum:]])', '\1sharp ', 'g'), '\.net\M', ' dotnet', 'g')
        ELSE words END;
    words := translate(words, '!"#$%&''()*+,-./:;<=>?@[\]^_`{|}~', repeat(' ', 32));
    words := CASE WHEN words ~ '[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u20a0-\u2bff\u3005-\ud7ff\uf900-\ufaff\U0001f000-\U0003ffff]'
        THEN pair_letters(words) ELSE words END;
    RETURN CASE WHEN char_length(words) < 255 THEN words ELSE regexp_replace(words, '\S{255,}', ' ', 'g') END;
END $function$;
REVOKE ALL ON FUNCTION search_words(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search_words(text) TO tickler_api;
GRANT EXECUTE ON FUNCTION search_words(text) TO tickler_recurrer;

CREATE FUNCTION search_parts(given text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE WHEN given ~ '[^ -~\n]|[a-z][A-Z]|[#+]|\.net|\.NET|[[:alpha:]]-[[:alpha:]]' THEN nullif(concat_ws(' ',
        search_words(spell_out_letters(given)),
        search_words(join_words(given)),
        CASE WHEN given ~ '[[:lower:]][[:upper:]]' THEN search_words(array_to_string(ARRAY(
            SELECT regexp_replace(part[1], '([[:lower:]])([[:upper:]])', '\1 \2', 'g')
            FROM regexp_matches(given, '[[:alnum:]]*[[:lower:]][[:upper:]][[:alnum:]]*', 'g') part), ' ')) END,
        CASE WHEN given ~ '[#+]' THEN search_words(array_to_string(ARRAY(
            SELECT part[1] FROM regexp_matches(given, '([[:alnum:]]+)(?:\+\+|#(?![[:alnum:]]))', 'g') part), ' ')) END,
        CASE WHEN given ~* '\.net\M' THEN 'net' END,
        CASE WHEN given ~ '[\u0e00-\uffff\U00020000-\U0003ffff]' THEN array_to_string(ARRAY(
            SELECT right(part[1], 1)
            FROM regexp_matches(fold_letters(given), '[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff]{2,}', 'g') part), ' ') END
    ), '') END;
END $function$;
REVOKE ALL ON FUNCTION search_parts(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search_parts(text) TO tickler_api;
GRANT EXECUTE ON FUNCTION search_parts(text) TO tickler_recurrer;

CREATE FUNCTION text_words(given text)
 RETURNS tsvector
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE
AS $function$
DECLARE
    gap constant tsvector := $gap$' gap':1$gap$;
    words text := search_words(given);
    parts text := search_parts(given);
BEGIN
    RETURN to_tsvector('pg_catalog.english', words) || gap || to_tsvector('pg_catalog.simple', words) ||
        CASE WHEN parts IS NULL THEN '' ELSE gap || to_tsvector('pg_catalog.simple', parts) END;
END $function$;
REVOKE ALL ON FUNCTION text_words(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION text_words(text) TO tickler_api;
GRANT EXECUTE ON FUNCTION text_words(text) TO tickler_recurrer;

CREATE FUNCTION words_phrase(words text, prefix boolean)
 RETURNS tsquery
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE WHEN words = '' THEN '' ELSE to_tsquery('pg_catalog.simple', (
        SELECT string_agg(quote_literal(word) || CASE WHEN prefix AND last OR char_length(word) = 1 AND is_unspaced(ascii(word)) THEN ':*' ELSE '' END, ' <-> ' ORDER BY place)
        FROM (
            SELECT word, place, place = max(place) OVER () AS last
            FROM unnest(string_to_array(words, ' ')) WITH ORDINALITY AS each (word, place) WHERE word <> ''
        ) placed)) END;
END $function$;
REVOKE ALL ON FUNCTION words_phrase(text,boolean) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION words_phrase(text,boolean) TO tickler_api;

CREATE FUNCTION check_web_session(given bytea)
 RETURNS TABLE(id bigint, user_id bigint, browser text, expires_at timestamp with time zone)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 SELECT s.id,
     s.user_id,
     s.browser,
     s.expires_at
    FROM web_sessions s
   WHERE ((s.hash = check_web_session.given) AND (s.expires_at > now()));
END;
REVOKE ALL ON FUNCTION check_web_session(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION check_web_session(bytea) TO tickler_api;

CREATE FUNCTION check_held_sessions(sessions bigint[])
 RETURNS TABLE(id bigint)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 SELECT s.id
    FROM web_sessions s
   WHERE ((s.id = ANY (check_held_sessions.sessions)) AND (s.expires_at > now()));
END;
REVOKE ALL ON FUNCTION check_held_sessions(bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION check_held_sessions(bigint[]) TO tickler_api;

CREATE FUNCTION note_web_session_use(sessions bigint[], instants timestamp with time zone[], lasts interval)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 UPDATE web_sessions s SET last_used_at = GREATEST(s.last_used_at, used.at), expires_at = GREATEST(s.expires_at, (used.at + note_web_session_use.lasts))
    FROM UNNEST(note_web_session_use.sessions, note_web_session_use.instants) used(id, at)
   WHERE ((s.id = used.id) AND (s.expires_at > now()));
END;
REVOKE ALL ON FUNCTION note_web_session_use(bigint[],timestamp with time zone[],interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION note_web_session_use(bigint[],timestamp with time zone[],interval) TO tickler_api;

CREATE FUNCTION find_sign_in_link(given bytea)
 RETURNS text
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 SELECT u.subject
    FROM (sign_in_links l
      JOIN users u ON ((u.id = l.user_id)))
   WHERE ((l.hash = find_sign_in_link.given) AND (l.expires_at > now()));
END;
REVOKE ALL ON FUNCTION find_sign_in_link(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_sign_in_link(bytea) TO tickler_api;

CREATE FUNCTION take_sign_in_link(given bytea)
 RETURNS bigint
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 DELETE FROM sign_in_links l
   WHERE ((l.hash = take_sign_in_link.given) AND (l.expires_at > now()))
   RETURNING l.user_id;
END;
REVOKE ALL ON FUNCTION take_sign_in_link(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION take_sign_in_link(bytea) TO tickler_api;

CREATE FUNCTION mail_sign_in_link(address text, content json, most integer, pause interval)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 WITH asked AS (
          SELECT c_1.id,
             c_1.user_id,
             c_1.target
            FROM channels c_1
           WHERE ((c_1.kind = 'email'::text) AND c_1.signs_in AND c_1.confirmed AND c_1.enabled AND (lower(c_1.target) = lower(mail_sign_in_link.address)) AND (NOT (EXISTS ( SELECT
                    FROM deliveries d
                   WHERE ((d.channel_id = c_1.id) AND (d.kind = 'sign_in'::text) AND (d.created_at > (now() - mail_sign_in_link.pause)))))) AND (mail_sign_in_link.most > ( SELECT count(*) AS count
                    FROM deliveries d
                   WHERE ((d.channel_id = c_1.id) AND (d.kind = 'sign_in'::text) AND (d.created_at > (now() - '24:00:00'::interval))))))
          FOR NO KEY UPDATE OF c_1
         ), written AS (
          INSERT INTO deliveries (user_id, channel_id, target, event_id, kind, content, next_attempt_at, created_at)  SELECT asked.user_id,
                     asked.id,
                     asked.target,
                     gen_random_uuid() AS gen_random_uuid,
                     'sign_in',
                     mail_sign_in_link.content AS content,
                     now() AS now,
                     now() AS now
                    FROM asked
           RETURNING deliveries.channel_id
         )
  UPDATE channels c SET next_attempt_at = LEAST(c.next_attempt_at, GREATEST(c.rest_until, now()))
    FROM written
   WHERE (c.id = written.channel_id);
END;
REVOKE ALL ON FUNCTION mail_sign_in_link(text,json,integer,interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION mail_sign_in_link(text,json,integer,interval) TO tickler_api;

CREATE FUNCTION find_passkey(given bytea)
 RETURNS TABLE(id bigint, user_id bigint, handle bytea, credential text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 SELECT p.id,
     p.user_id,
     p.handle,
     (p.credential)::text AS credential
    FROM passkeys p
   WHERE (p.credential_id = find_passkey.given);
END;
REVOKE ALL ON FUNCTION find_passkey(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_passkey(bytea) TO tickler_api;

CREATE FUNCTION begin_sign_in_step(given bytea, what text, state text, lasts interval, most integer)
 RETURNS boolean
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 DELETE FROM sign_in_steps s
   WHERE (s.hash IN ( SELECT e.hash
            FROM sign_in_steps e
           WHERE (e.expires_at <= now())
           ORDER BY e.expires_at
          LIMIT 10));
 INSERT INTO sign_in_steps (hash, kind, state, expires_at)  SELECT begin_sign_in_step.given AS given,
             begin_sign_in_step.what AS what,
             begin_sign_in_step.state AS state,
             (now() + begin_sign_in_step.lasts)
           WHERE (begin_sign_in_step.most > ( SELECT count(*) AS count
                    FROM ( SELECT
                            FROM sign_in_steps s
                           WHERE (s.kind = begin_sign_in_step.what)
                          LIMIT begin_sign_in_step.most) waiting))
   RETURNING true;
END;
REVOKE ALL ON FUNCTION begin_sign_in_step(bytea,text,text,interval,integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION begin_sign_in_step(bytea,text,text,interval,integer) TO tickler_api;

CREATE FUNCTION find_sign_in_step(given bytea, what text)
 RETURNS text
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 SELECT s.state
    FROM sign_in_steps s
   WHERE ((s.hash = find_sign_in_step.given) AND (s.kind = find_sign_in_step.what) AND (s.expires_at > now()));
END;
REVOKE ALL ON FUNCTION find_sign_in_step(bytea,text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_sign_in_step(bytea,text) TO tickler_api;

CREATE FUNCTION take_sign_in_step(given bytea, what text)
 RETURNS text
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 DELETE FROM sign_in_steps s
   WHERE ((s.hash = take_sign_in_step.given) AND (s.kind = take_sign_in_step.what) AND (s.expires_at > now()))
   RETURNING s.state;
END;
REVOKE ALL ON FUNCTION take_sign_in_step(bytea,text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION take_sign_in_step(bytea,text) TO tickler_api;

CREATE FUNCTION list_users(after bigint, size integer)
 RETURNS TABLE(id bigint, issuer text, subject text, time_zone text, created_at timestamp with time zone, tokens bigint, passkeys bigint, browsers bigint, last_used_at timestamp with time zone)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 SELECT u.id,
     u.issuer,
     u.subject,
     u.time_zone,
     u.created_at,
     ( SELECT count(*) AS count
            FROM tokens t
           WHERE ((t.user_id = u.id) AND (t.revoked_at IS NULL) AND ((t.expires_at IS NULL) OR (t.expires_at > now())))) AS count,
     ( SELECT count(*) AS count
            FROM passkeys p
           WHERE (p.user_id = u.id)) AS count,
     ( SELECT count(*) AS count
            FROM web_sessions s
           WHERE ((s.user_id = u.id) AND (s.expires_at > now()))) AS count,
     GREATEST(( SELECT max(t.last_used_at) AS max
            FROM tokens t
           WHERE (t.user_id = u.id)), ( SELECT max(s.last_used_at) AS max
            FROM web_sessions s
           WHERE (s.user_id = u.id))) AS "greatest"
    FROM users u
   WHERE ((current_setting('tickler.admin'::text, true) = 'on'::text) AND (u.id > list_users.after))
   ORDER BY u.id
  LIMIT list_users.size;
END;
REVOKE ALL ON FUNCTION list_users(bigint,integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION list_users(bigint,integer) TO tickler_api;

CREATE FUNCTION check_token(given bytea)
 RETURNS TABLE(id bigint, user_id bigint, name text, prefix text, scopes text[], expires_at timestamp with time zone, client_id text, resource text)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 SELECT t.id,
     t.user_id,
     t.name,
     t.prefix,
     t.scopes,
     t.expires_at,
     t.client_id,
     t.resource
    FROM tokens t
   WHERE ((t.hash = check_token.given) AND (t.revoked_at IS NULL) AND ((t.expires_at IS NULL) OR (t.expires_at > now())))
 UNION ALL
  SELECT t.id,
     t.user_id,
     t.name,
     t.prefix,
     o.scopes,
     o.expires_at,
     t.client_id,
     t.resource
    FROM (oauth_tokens o
      JOIN tokens t ON ((t.id = o.token_id)))
   WHERE ((o.hash = check_token.given) AND (o.kind = 'access'::text) AND (o.expires_at > now()) AND (t.revoked_at IS NULL));
END;
REVOKE ALL ON FUNCTION check_token(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION check_token(bytea) TO tickler_api;

CREATE FUNCTION find_oauth_token(given bytea)
 RETURNS TABLE(id bigint, user_id bigint)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 SELECT o.id,
     o.user_id
    FROM oauth_tokens o
   WHERE (o.hash = find_oauth_token.given);
END;
REVOKE ALL ON FUNCTION find_oauth_token(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_oauth_token(bytea) TO tickler_api;

CREATE FUNCTION find_oauth_code(given bytea)
 RETURNS TABLE(id bigint, user_id bigint)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 SELECT c.id,
     c.user_id
    FROM oauth_codes c
   WHERE (c.hash = find_oauth_code.given);
END;
REVOKE ALL ON FUNCTION find_oauth_code(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_oauth_code(bytea) TO tickler_api;

CREATE FUNCTION register_oauth_client(client_id text, client_name text, leads_to text[], most integer, young interval)
 RETURNS boolean
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 DELETE FROM oauth_clients c
   WHERE (c.id IN ( SELECT o.id
            FROM oauth_clients o
           WHERE ((o.used_at IS NULL) AND (o.created_at < (now() - register_oauth_client.young)))
           ORDER BY o.created_at
          LIMIT GREATEST((0)::bigint, ((1 + ( SELECT count(*) AS count
                    FROM oauth_clients u
                   WHERE (u.used_at IS NULL))) - register_oauth_client.most))));
 INSERT INTO oauth_clients (id, name, redirects)  SELECT register_oauth_client.client_id AS client_id,
             register_oauth_client.client_name AS client_name,
             register_oauth_client.leads_to AS leads_to
           WHERE (register_oauth_client.most > ( SELECT count(*) AS count
                    FROM oauth_clients u
                   WHERE (u.used_at IS NULL)))
   RETURNING true;
END;
REVOKE ALL ON FUNCTION register_oauth_client(text,text,text[],integer,interval) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION register_oauth_client(text,text,text[],integer,interval) TO tickler_api;

CREATE FUNCTION find_oauth_client(given text)
 RETURNS TABLE(name text, redirects text[])
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 SELECT c.name,
     c.redirects
    FROM oauth_clients c
   WHERE (c.id = find_oauth_client.given);
END;
REVOKE ALL ON FUNCTION find_oauth_client(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_oauth_client(text) TO tickler_api;

CREATE FUNCTION keep_oauth_client(given text)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 UPDATE oauth_clients c SET used_at = now()
   WHERE ((c.id = keep_oauth_client.given) AND ((c.used_at IS NULL) OR (c.used_at < (now() - '1 day'::interval))));
END;
REVOKE ALL ON FUNCTION keep_oauth_client(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION keep_oauth_client(text) TO tickler_api;

CREATE FUNCTION said_words(said text[])
 RETURNS tsvector
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE
AS $function$
DECLARE
    gap constant tsvector := $gap$' gap':1$gap$;
    words tsvector := '';
    one text;
BEGIN
    FOREACH one IN ARRAY said LOOP
        words := words || gap || text_words(one);
    END LOOP;
    RETURN setweight(words, 'C');
END $function$;
REVOKE ALL ON FUNCTION said_words(text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION said_words(text[]) TO tickler_api;
GRANT EXECUTE ON FUNCTION said_words(text[]) TO tickler_recurrer;

CREATE FUNCTION task_words(user_id bigint, category_id bigint, tag_ids bigint[], title text, description text, said text[])
 RETURNS tsvector
 LANGUAGE sql
 IMMUTABLE PARALLEL SAFE
RETURN (owned_words(user_id, (((((setweight(text_words(title), 'A'::"char") || ''' gap'':1'::tsvector) || setweight(text_words(description), 'B'::"char")) || CASE WHEN (said IS NULL) THEN ''::tsvector ELSE said_words(said) END) || task_lexemes(user_id, category_id, tag_ids)))::text))::tsvector;
REVOKE ALL ON FUNCTION task_words(bigint,bigint,bigint[],text,text,text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION task_words(bigint,bigint,bigint[],text,text,text[]) TO tickler_api;
GRANT EXECUTE ON FUNCTION task_words(bigint,bigint,bigint[],text,text,text[]) TO tickler_recurrer;

CREATE FUNCTION search_matches(query tsquery, words tsquery, weights real[], priorities task_priority[], done boolean, most integer)
 RETURNS TABLE(id bigint, score double precision)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
 SET enable_seqscan TO 'off'
BEGIN ATOMIC
 SELECT t.id,
     (ts_rank(search_matches.weights, t.search_vector, search_matches.words))::double precision AS ts_rank
    FROM tasks t
   WHERE ((t.search_vector @@ search_matches.query) AND ((t.user_id + 0) = ( SELECT caller_id() AS caller_id)) AND (t.deleted_at IS NULL) AND ((search_matches.priorities IS NULL) OR (t.priority = ANY (search_matches.priorities))) AND ((search_matches.done IS NULL) OR (t.completed = search_matches.done)))
  LIMIT search_matches.most;
END;
REVOKE ALL ON FUNCTION search_matches(tsquery,tsquery,real[],task_priority[],boolean,integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search_matches(tsquery,tsquery,real[],task_priority[],boolean,integer) TO tickler_api;

CREATE FUNCTION server_timeline()
 RETURNS integer
 LANGUAGE sql
RETURN ((('x'::text || "left"(pg_walfile_name(pg_current_wal_lsn()), 8)))::bit(32))::integer;
REVOKE ALL ON FUNCTION server_timeline() FROM PUBLIC;

CREATE FUNCTION note_timeline()
 RETURNS bigint
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 INSERT INTO incarnations (id, system_identifier, timeline, transaction)  SELECT ((EXTRACT(epoch FROM clock_timestamp()) * (1000)::numeric))::bigint AS int8,
             i.system_identifier,
             server_timeline() AS server_timeline,
             ((pg_current_xact_id())::text)::bigint AS pg_current_xact_id
            FROM incarnations i
           WHERE ((i.id = ( SELECT max(incarnations_1.id) AS max
                    FROM incarnations incarnations_1)) AND (i.timeline <> server_timeline())) ON CONFLICT DO NOTHING
   RETURNING incarnations.id;
END;
REVOKE ALL ON FUNCTION note_timeline() FROM PUBLIC;
GRANT EXECUTE ON FUNCTION note_timeline() TO tickler_api;

CREATE FUNCTION token_expired(given bytea)
 RETURNS timestamp with time zone
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 SELECT t.expires_at
    FROM tokens t
   WHERE ((t.hash = token_expired.given) AND (t.revoked_at IS NULL) AND (t.expires_at <= now()))
 UNION ALL
  SELECT o.expires_at
    FROM (oauth_tokens o
      JOIN tokens t ON ((t.id = o.token_id)))
   WHERE ((o.hash = token_expired.given) AND (o.kind = 'access'::text) AND (o.expires_at <= now()) AND (t.revoked_at IS NULL));
END;
REVOKE ALL ON FUNCTION token_expired(bytea) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION token_expired(bytea) TO tickler_api;

CREATE FUNCTION known_users(users bigint[])
 RETURNS SETOF bigint
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 SELECT u.id
    FROM users u
   WHERE (u.id = ANY (known_users.users));
END;
REVOKE ALL ON FUNCTION known_users(bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION known_users(bigint[]) TO tickler_notifier;
GRANT EXECUTE ON FUNCTION known_users(bigint[]) TO tickler_recurrer;

CREATE FUNCTION journal_of_all(of_user bigint, below bigint, size integer)
 RETURNS TABLE(id bigint, at timestamp with time zone, user_id bigint, issuer text, subject text, call_id uuid, actor_kind text, actor text, token_id bigint, client text, transport text, object text, object_id bigint, action text, event_id uuid)
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 SELECT j.id,
     j.at,
     j.user_id,
     u.issuer,
     u.subject,
     j.call_id,
     j.actor_kind,
     j.actor,
     j.token_id,
     j.client,
     j.transport,
     j.object,
     j.object_id,
     j.action,
     j.event_id
    FROM (journal j
      LEFT JOIN users u ON ((u.id = j.user_id)))
   WHERE ((current_setting('tickler.admin'::text, true) = 'on'::text) AND ((journal_of_all.of_user IS NULL) OR (j.user_id = journal_of_all.of_user)) AND ((journal_of_all.below IS NULL) OR (j.id < journal_of_all.below)) AND (j.action <> 'reminded'::text))
   ORDER BY j.id DESC
  LIMIT journal_of_all.size;
END;
REVOKE ALL ON FUNCTION journal_of_all(bigint,bigint,integer) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION journal_of_all(bigint,bigint,integer) TO tickler_api;

CREATE FUNCTION waiting_events(of_shards smallint[], of_topics text[], of_ids bigint[])
 RETURNS TABLE(id bigint, shard smallint, topic text, event_id uuid, event_type text, at timestamp with time zone, user_id bigint, task_id bigint, version integer, source text, traceparent text, fields text, set_by text)
 LANGUAGE plpgsql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
AS $function$
#variable_conflict use_column
BEGIN
    RETURN QUERY
        SELECT o.id, o.shard, o.topic, j.event_id, j.event_type, j.at, j.user_id, o.task_id, j.version, j.source, coalesce(j.traceparent, ''), coalesce(j.after::text, ''),
            CASE WHEN j.event_type = 'reminder.sent' AND j.traceparent LIKE '%-01' THEN coalesce((
                SELECT c.traceparent FROM journal c
                WHERE c.user_id = j.user_id AND c.object_id = j.object_id AND c.id < j.id AND c.event_type <> j.event_type
                ORDER BY c.id DESC LIMIT 1), '') ELSE '' END
        FROM unnest(of_shards, of_topics, of_ids) AS told (shard, topic, id)
        JOIN outbox o ON o.shard = told.shard AND o.topic = told.topic AND o.id = told.id
        JOIN journal j ON j.id = o.id;
END $function$;
REVOKE ALL ON FUNCTION waiting_events(smallint[],text[],bigint[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION waiting_events(smallint[],text[],bigint[]) TO tickler_relay;

CREATE FUNCTION queue_again(shards integer, to_topic text, of_user bigint, of_task bigint, of_event uuid)
 RETURNS void
 LANGUAGE sql
 SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 INSERT INTO outbox (shard, topic, id, task_id)  SELECT (j.object_id % (queue_again.shards)::bigint),
             queue_again.to_topic AS to_topic,
             j.id,
             j.object_id
            FROM journal j
           WHERE ((j.user_id = queue_again.of_user) AND (j.object_id = queue_again.of_task) AND (j.event_id = queue_again.of_event)) ON CONFLICT DO NOTHING;
END;
REVOKE ALL ON FUNCTION queue_again(integer,text,bigint,bigint,uuid) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION queue_again(integer,text,bigint,bigint,uuid) TO tickler_relay;

CREATE FUNCTION is_recorded(entry bigint)
 RETURNS boolean
 LANGUAGE sql
 STABLE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'public', 'pg_temp'
BEGIN ATOMIC
 SELECT (EXISTS ( SELECT
            FROM journal j
           WHERE (j.id = is_recorded.entry))) AS "exists";
END;
REVOKE ALL ON FUNCTION is_recorded(bigint) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION is_recorded(bigint) TO tickler_notifier;
GRANT EXECUTE ON FUNCTION is_recorded(bigint) TO tickler_recurrer;

CREATE FUNCTION join_words(given text)
 RETURNS text
 LANGUAGE plpgsql
 IMMUTABLE PARALLEL SAFE
AS $function$
BEGIN
    RETURN CASE WHEN given ~ '[[:alpha:]][-\u2010\u2011][[:alpha:]]' THEN array_to_string(ARRAY(
        SELECT translate(part[1], U&'-\2010\2011', '')
        FROM regexp_matches(given, '[[:alpha:]]+(?:[-\u2010\u2011][[:alpha:]]+)+', 'g') part), ' ') END;
END $function$;
REVOKE ALL ON FUNCTION join_words(text) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION join_words(text) TO tickler_api;
GRANT EXECUTE ON FUNCTION join_words(text) TO tickler_recurrer;

-- Roles, and the schema itself

CREATE ROLE tickler_relay NOLOGIN NOINHERIT;
CREATE ROLE tickler_api NOLOGIN NOINHERIT;
CREATE ROLE tickler_notifier NOLOGIN NOINHERIT;
GRANT tickler_relay TO tickler_notifier;
CREATE ROLE tickler_recurrer NOLOGIN NOINHERIT;
GRANT tickler_relay TO tickler_recurrer;

GRANT USAGE ON SCHEMA public TO PUBLIC;
GRANT USAGE ON SCHEMA public TO tickler_api;
GRANT USAGE ON SCHEMA public TO tickler_notifier;
GRANT USAGE ON SCHEMA public TO tickler_recurrer;
GRANT USAGE ON SCHEMA public TO tickler_relay;

GRANT SELECT ON goose_db_version TO tickler_api;
GRANT SELECT ON goose_db_version TO tickler_notifier;
GRANT SELECT ON goose_db_version TO tickler_recurrer;
GRANT SELECT ON goose_db_version TO tickler_relay;
