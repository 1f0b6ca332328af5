-- +goose Up
CREATE TYPE task_priority AS ENUM ('low', 'medium', 'high', 'urgent');

-- An instant as events and schemas write it.
CREATE FUNCTION rfc3339(instant timestamptz) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN to_char(instant AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');

CREATE TABLE users (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    issuer           text        NOT NULL,
    subject          text        NOT NULL,
    time_zone        text        NOT NULL DEFAULT 'UTC',
    reminder_offsets integer[]   NOT NULL DEFAULT '{60}',
    created_at       timestamptz NOT NULL DEFAULT now(),
    UNIQUE (issuer, subject)
);

CREATE TABLE tokens (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id      bigint      NOT NULL REFERENCES users ON DELETE CASCADE,
    name         text        NOT NULL DEFAULT '',
    prefix       text        NOT NULL, -- the first characters, to recognise it by
    hash         bytea       NOT NULL UNIQUE, -- SHA-256 of the whole token
    scopes       text[]      NOT NULL DEFAULT '{tasks:read,tasks:write}',
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz,
    last_used_at timestamptz,
    revoked_at   timestamptz
);
CREATE INDEX idx_tokens_user ON tokens (user_id);

CREATE TABLE channels (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id    bigint      NOT NULL REFERENCES users ON DELETE CASCADE,
    kind       text        NOT NULL CHECK (kind IN ('webhook', 'ntfy', 'email')),
    target     text        NOT NULL,
    enabled    boolean     NOT NULL DEFAULT true,
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (user_id, kind, target)
);

CREATE TABLE categories (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id    bigint      NOT NULL REFERENCES users ON DELETE CASCADE,
    name       text        NOT NULL CHECK (char_length(name) BETWEEN 1 AND 50),
    color      text        CHECK (color ~ '^#[0-9A-Fa-f]{6}$'),
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (user_id, id) -- what tasks refer to: a category is only ever its owner's
);
CREATE UNIQUE INDEX idx_categories_name ON categories (user_id, lower(name));

CREATE TABLE tags (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id    bigint      NOT NULL REFERENCES users ON DELETE CASCADE,
    name       text        NOT NULL CHECK (char_length(name) BETWEEN 1 AND 30),
    color      text        CHECK (color ~ '^#[0-9A-Fa-f]{6}$'),
    created_at timestamptz NOT NULL DEFAULT now(),
    UNIQUE (user_id, id)
);
CREATE UNIQUE INDEX idx_tags_name ON tags (user_id, lower(name));

CREATE TABLE tasks (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id     bigint        NOT NULL REFERENCES users ON DELETE CASCADE,
    title       text          NOT NULL CHECK (char_length(title) BETWEEN 1 AND 200),
    description text          NOT NULL DEFAULT '',
    priority    task_priority NOT NULL DEFAULT 'medium',
    category_id bigint,
    completed_at timestamptz,
    completed   boolean       NOT NULL GENERATED ALWAYS AS (completed_at IS NOT NULL) STORED,

    due_date  timestamptz,                       -- the instant
    all_day   boolean NOT NULL DEFAULT false,    -- only a day was named; due_date is its end
    time_zone text    NOT NULL,                  -- IANA zone in which the due date was meant

    recurrence_rule         text,                -- RFC 5545 RRULE
    recurrence_base         text NOT NULL DEFAULT 'due' CHECK (recurrence_base IN ('due', 'completion')),
    series_id               uuid,
    series_start            timestamp,           -- the anchor, wall time in time_zone
    series_start_occurrence integer NOT NULL DEFAULT 1, -- place of the anchor: moves when a due date re-anchors
    occurrence              integer NOT NULL DEFAULT 1, -- this task's 1-based place
    previous_task_id        bigint UNIQUE REFERENCES tasks ON DELETE SET NULL, -- at most one successor

    reminder_offsets integer[],                  -- minutes before due; NULL: the user's default
    reminder_times   timestamptz[] NOT NULL DEFAULT '{}', -- the instants they come to, ascending
    remind_at        timestamptz,                -- the next of them
    reminder_sent    boolean NOT NULL DEFAULT true, -- whether none is left

    idempotency_key    text,
    idempotency_digest bytea,

    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz,
    version    integer NOT NULL DEFAULT 1,

    search_vector tsvector NOT NULL GENERATED ALWAYS AS (
        setweight(to_tsvector('english', title), 'A') ||
        setweight(to_tsvector('english', description), 'B')
    ) STORED,

    FOREIGN KEY (user_id, category_id) REFERENCES categories (user_id, id) ON DELETE SET NULL (category_id),
    UNIQUE (user_id, id),
    CHECK (recurrence_rule IS NULL OR (series_id IS NOT NULL AND series_start IS NOT NULL)),
    CHECK (reminder_sent = (remind_at IS NULL))
);
CREATE UNIQUE INDEX idx_tasks_idempotency ON tasks (user_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX idx_tasks_category ON tasks (user_id, category_id) WHERE category_id IS NOT NULL;
CREATE INDEX idx_tasks_created ON tasks (user_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX idx_tasks_updated ON tasks (user_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX idx_tasks_due ON tasks (user_id, coalesce(due_date, 'infinity'), id) WHERE deleted_at IS NULL; -- undated last
CREATE INDEX idx_tasks_priority ON tasks (user_id, priority, id) WHERE deleted_at IS NULL;
CREATE INDEX idx_tasks_title ON tasks (user_id, lower(title), id) WHERE deleted_at IS NULL;
CREATE INDEX idx_tasks_search ON tasks USING gin (search_vector);
-- As large as the number of reminders still to come, however many tasks there are.
CREATE INDEX idx_tasks_reminder_query ON tasks (remind_at)
    WHERE reminder_sent = false AND completed = false AND deleted_at IS NULL;

CREATE TABLE task_tags (
    user_id bigint NOT NULL,
    task_id bigint NOT NULL,
    tag_id  bigint NOT NULL,
    PRIMARY KEY (task_id, tag_id),
    FOREIGN KEY (user_id, task_id) REFERENCES tasks (user_id, id) ON DELETE CASCADE,
    FOREIGN KEY (user_id, tag_id) REFERENCES tags (user_id, id) ON DELETE CASCADE
);
CREATE INDEX idx_task_tags_tag ON task_tags (user_id, tag_id, task_id);
CREATE INDEX idx_task_tags_task ON task_tags (user_id, task_id);

-- What has been committed and is still to be published. Rows live for
-- milliseconds: they are deleted when the broker has acknowledged them.
CREATE TABLE outbox (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    shard       smallint    NOT NULL,
    event_id    uuid        NOT NULL, -- not unique: task.completed goes to two topics
    event_type  text        NOT NULL,
    topic       text        NOT NULL,
    task_id     bigint      NOT NULL, -- the key: events of one task stay in order
    source      text        NOT NULL,
    traceparent text        NOT NULL DEFAULT '',
    data        json        NOT NULL, -- kept as text: it is only passed on
    created_at  timestamptz NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
CREATE INDEX idx_outbox_shard ON outbox (shard, id);

-- What each consumer has already handled: the constraint that makes an effect happen once.
CREATE TABLE inbox (
    consumer   text        NOT NULL,
    event_id   uuid        NOT NULL,
    handled_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, event_id)
);
CREATE INDEX idx_inbox_handled ON inbox (handled_at);

-- +goose Down
DROP TABLE inbox, outbox, task_tags, tasks, tags, categories, channels, tokens, users;
DROP FUNCTION rfc3339;
DROP TYPE task_priority;
