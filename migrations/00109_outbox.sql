-- +goose Up
-- Formats an instant as events and schemas have it.
CREATE FUNCTION rfc3339(instant timestamptz) RETURNS text
    LANGUAGE sql STABLE STRICT PARALLEL SAFE
    RETURN to_char(instant AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"');
REVOKE EXECUTE ON FUNCTION rfc3339 FROM PUBLIC;
GRANT EXECUTE ON FUNCTION rfc3339 TO tickler_api, tickler_notifier;

-- Committed events still to be published. Rows live for milliseconds: they are
-- deleted once the broker has acknowledged them. An event that the broker refuses is
-- parked with its error; later events of the same task wait behind it, all others go
-- on.
--
-- The relay reads the oldest rows of each shard and topic. It leaves out a topic
-- whose broker is unavailable without reading what has piled up for it. The primary
-- key serves both reading and deleting.
CREATE TABLE outbox (
    shard     smallint NOT NULL,
    topic     text     NOT NULL,
    id        bigint   NOT NULL, -- of the journal entry, which holds the event
    task_id   bigint   NOT NULL, -- the key, which keeps a task's events in order
    parked_at timestamptz,
    error     text,
    PRIMARY KEY (shard, topic, id)
) WITH (autovacuum_vacuum_scale_factor = 0, autovacuum_vacuum_threshold = 1000);
CREATE INDEX idx_outbox_parked ON outbox (task_id) WHERE parked_at IS NOT NULL;
GRANT INSERT ON outbox TO tickler_api, tickler_recurrer, tickler_notifier;
-- Each app's relay publishes what all apps committed.
GRANT SELECT, INSERT, UPDATE (parked_at, error), DELETE ON outbox TO tickler_relay;

-- The oldest journal entry still to be published. It and all later entries must be
-- kept.
-- +goose StatementBegin
CREATE FUNCTION oldest_unpublished() RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    BEGIN ATOMIC
        SELECT min(o.id) FROM outbox o;
    END;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION oldest_unpublished FROM PUBLIC;
GRANT EXECUTE ON FUNCTION oldest_unpublished TO tickler_notifier;

-- What each consumer has handled. The primary key makes an effect happen once.
CREATE TABLE inbox (
    consumer   text        NOT NULL,
    event_id   uuid        NOT NULL,
    handled_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (consumer, event_id)
);
CREATE INDEX idx_inbox_handled ON inbox (handled_at);
GRANT SELECT, INSERT, DELETE ON inbox TO tickler_notifier;

-- Dead letters kept by their consumers, whatever the broker.
CREATE TABLE dead_letters (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic       text        NOT NULL, -- the topic the event was consumed from
    event_id    uuid,                 -- NULL if the event was unreadable
    event_type  text        NOT NULL DEFAULT '',
    task_id     bigint,
    reason      text        NOT NULL,
    document    text        NOT NULL, -- as received
    received_at timestamptz NOT NULL DEFAULT now(),
    redriven_at timestamptz
);
-- A letter delivered twice is kept once. One that comes back after it was sent again
-- is a new letter.
CREATE UNIQUE INDEX idx_dead_letters_event ON dead_letters (topic, coalesce(event_id::text, md5(document))) WHERE redriven_at IS NULL;
CREATE INDEX idx_dead_letters_received ON dead_letters (received_at);
GRANT SELECT, UPDATE (redriven_at) ON dead_letters TO tickler_relay;
GRANT INSERT ON dead_letters TO tickler_recurrer;
GRANT SELECT (id, received_at), INSERT, DELETE ON dead_letters TO tickler_notifier;

-- +goose Down
DROP FUNCTION oldest_unpublished;
DROP TABLE dead_letters, inbox, outbox;
DROP FUNCTION rfc3339;
