-- +goose Up
CREATE TYPE task_priority AS ENUM ('low', 'medium', 'high', 'urgent');

CREATE TABLE tasks (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id      bigint        NOT NULL REFERENCES users ON DELETE CASCADE,
    title        text          NOT NULL CHECK (char_length(title) BETWEEN 1 AND 200),
    description  text          NOT NULL DEFAULT '',
    priority     task_priority NOT NULL DEFAULT 'medium',
    category_id  bigint,
    tag_ids      bigint[]      NOT NULL DEFAULT '{}', -- as in task_tags, ascending, for search_vector
    completed_at timestamptz,
    completed    boolean       NOT NULL GENERATED ALWAYS AS (completed_at IS NOT NULL) STORED,

    estimate_minutes integer CHECK (estimate_minutes BETWEEN 1 AND 525600), -- how long it will take

    due_date  timestamptz,                       -- the instant
    all_day   boolean NOT NULL DEFAULT false,    -- due on a day; due_date is its end
    time_zone text    NOT NULL,                  -- IANA zone the due date was meant in
    due_wall  timestamp,                         -- the wall time that was meant, where time_zone skips it

    recurrence_rule         text,                -- RFC 5545 RRULE
    recurrence_base         text NOT NULL DEFAULT 'due' CHECK (recurrence_base IN ('due', 'completion')),
    series_id               uuid,
    series_start            timestamp,           -- the anchor, wall time in time_zone
    series_start_occurrence integer NOT NULL DEFAULT 1, -- place of the anchor; changes when a due date re-anchors
    occurrence              integer NOT NULL DEFAULT 1, -- this task's 1-based place
    series_date             timestamp,           -- the date of the series this task stands for, wall time in time_zone
    missed                  text NOT NULL DEFAULT 'skip' CHECK (missed IN ('skip', 'keep')), -- what becomes of dates that pass while it is late
    skipped                 jsonb,               -- skipped dates that can be undone
    previous_task_id        bigint UNIQUE REFERENCES tasks ON DELETE SET NULL, -- at most one successor

    reminder_offsets  integer[],                 -- minutes before due, negative after it; NULL: the user's default
    absolute_reminder timestamptz,               -- an instant that does not move with the due date
    snoozed_until     timestamptz,               -- likewise
    reminder_times    timestamptz[] NOT NULL DEFAULT '{}', -- the instants of all of these, ascending
    nag_minutes       integer,                   -- interval of reminders until done
    nag_from          timestamptz,               -- from this instant on

    idempotency_key    text,
    idempotency_digest bytea,

    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    deleted_at timestamptz,
    version    integer NOT NULL DEFAULT 1,

    FOREIGN KEY (user_id, category_id) REFERENCES categories (user_id, id) ON DELETE SET NULL (category_id),
    UNIQUE (user_id, id),
    CHECK (recurrence_rule IS NULL OR (series_id IS NOT NULL AND series_start IS NOT NULL))
);
CREATE UNIQUE INDEX idx_tasks_idempotency ON tasks (user_id, idempotency_key) WHERE idempotency_key IS NOT NULL;
CREATE INDEX idx_tasks_category ON tasks (user_id, category_id) WHERE category_id IS NOT NULL;
CREATE INDEX idx_tasks_created ON tasks (user_id, created_at, id) WHERE deleted_at IS NULL;
CREATE INDEX idx_tasks_updated ON tasks (user_id, updated_at, id) WHERE deleted_at IS NULL;
CREATE INDEX idx_tasks_priority ON tasks (user_id, priority, id) WHERE deleted_at IS NULL;
CREATE INDEX idx_tasks_title ON tasks (user_id, lower(title), id) WHERE deleted_at IS NULL;
CREATE INDEX idx_tasks_deleted ON tasks (deleted_at) WHERE deleted_at IS NOT NULL;
-- Undated tasks come last. The index includes what lists filter by and sum up, so
-- that counting reads no rows. (due_date is listed by itself because Postgres does
-- not see it inside the expression.)
CREATE INDEX idx_tasks_due ON tasks (user_id, coalesce(due_date, 'infinity'), id)
    INCLUDE (due_date, priority, completed, category_id, estimate_minutes) WHERE deleted_at IS NULL;
CREATE INDEX idx_tasks_open ON tasks (user_id, coalesce(due_date, 'infinity'), id)
    INCLUDE (due_date, priority, category_id, estimate_minutes) WHERE deleted_at IS NULL AND NOT completed;

ALTER TABLE tasks ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON tasks TO tickler_api, tickler_recurrer USING (user_id = (SELECT caller_id()));
GRANT SELECT, INSERT, UPDATE, DELETE ON tasks TO tickler_api;
GRANT SELECT, INSERT ON tasks TO tickler_recurrer;
-- The reminder scan covers all users. Deleted tasks are removed in time.
CREATE POLICY scan ON tasks FOR SELECT TO tickler_notifier USING (true);
CREATE POLICY claim ON tasks FOR UPDATE TO tickler_notifier USING (true) WITH CHECK (false);
CREATE POLICY prune ON tasks FOR DELETE TO tickler_notifier USING (deleted_at < now() - kept_for('tasks'));
GRANT SELECT (id, title, priority, due_date, all_day, time_zone, completed, updated_at, deleted_at, reminder_times, nag_minutes, nag_from, version), DELETE
    ON tasks TO tickler_notifier;
GRANT UPDATE (version) ON tasks TO tickler_recurrer, tickler_notifier; -- needed to lock a row

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
ALTER TABLE task_tags ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON task_tags TO tickler_api, tickler_recurrer USING (user_id = (SELECT caller_id()));
GRANT SELECT, INSERT, DELETE ON task_tags TO tickler_api;
GRANT SELECT, INSERT ON task_tags TO tickler_recurrer;

-- +goose Down
DROP TABLE task_tags, tasks;
DROP TYPE task_priority;
