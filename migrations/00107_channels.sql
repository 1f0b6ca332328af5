-- +goose Up
-- Channels are what deliveries are claimed by: one sender at a time serves one,
-- so that a target that hangs holds up its own deliveries only.
CREATE TABLE channels (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id         bigint      NOT NULL REFERENCES users ON DELETE CASCADE,
    kind            text        NOT NULL CHECK (kind IN ('webhook', 'ntfy', 'email')),
    target          text        NOT NULL,
    secret          text,        -- sealed with a key from the configuration
    enabled         boolean     NOT NULL DEFAULT true,
    problem         text,        -- why the last attempt failed
    failures        integer     NOT NULL DEFAULT 0, -- attempts since the last that succeeded
    last_success_at timestamptz,
    next_attempt_at timestamptz, -- when a delivery is due; NULL: none waits
    rest_until      timestamptz, -- after a failure
    leased_until    timestamptz, -- by whoever serves it
    lease           bigint      NOT NULL DEFAULT 0, -- tells one lease from the next
    created_at      timestamptz NOT NULL DEFAULT now(),
    UNIQUE (user_id, kind, target)
);
CREATE INDEX idx_channels_due ON channels (next_attempt_at) WHERE enabled AND next_attempt_at IS NOT NULL;
ALTER TABLE channels ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON channels TO tickler_api, tickler_recurrer USING (user_id = (SELECT caller_id()));
GRANT SELECT, INSERT, UPDATE, DELETE ON channels TO tickler_api;
-- It serves all channels, and cannot turn one to another target.
CREATE POLICY delivery ON channels TO tickler_notifier USING (true);
GRANT SELECT, UPDATE (enabled, problem, failures, last_success_at, next_attempt_at, rest_until, leased_until, lease)
    ON channels TO tickler_notifier;

-- Every message to a channel: when, where, outcome.
CREATE TABLE deliveries (
    id              bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id         bigint      NOT NULL REFERENCES users ON DELETE CASCADE,
    channel_id      bigint      REFERENCES channels ON DELETE SET NULL,
    target          text        NOT NULL, -- of the channel, for when that is removed
    event_id        uuid        NOT NULL, -- what the receiver deduplicates by
    kind            text        NOT NULL CHECK (kind IN ('reminder', 'test', 'notice')),
    task_id         bigint,
    due_date        timestamptz, -- of the task when it reminded
    content         json        NOT NULL,
    state           text        NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sent', 'failed', 'dropped', 'unknown')),
    outcome         text        NOT NULL DEFAULT '',
    attempts        integer     NOT NULL DEFAULT 0,
    sending         boolean     NOT NULL DEFAULT false, -- an attempt has begun and its outcome is not known
    resends         integer     NOT NULL DEFAULT 0,     -- attempts after one whose outcome was never known
    held            boolean     NOT NULL DEFAULT false, -- by quiet hours: next_attempt_at is their end
    at_once         boolean     NOT NULL DEFAULT false, -- its time had passed when it was set: several become one
    summed_into     bigint,      -- the delivery that this one has become a part of
    next_attempt_at timestamptz NOT NULL,
    created_at      timestamptz NOT NULL,
    finished_at     timestamptz,
    UNIQUE (channel_id, event_id)
);
CREATE INDEX idx_deliveries_due ON deliveries (channel_id, next_attempt_at, id) WHERE state = 'pending';
CREATE INDEX idx_deliveries_task ON deliveries (task_id) WHERE state = 'pending' AND kind = 'reminder';
CREATE INDEX idx_deliveries_summed ON deliveries (summed_into) WHERE summed_into IS NOT NULL;
CREATE INDEX idx_deliveries_user ON deliveries (user_id, id);
CREATE INDEX idx_deliveries_created ON deliveries (created_at);
ALTER TABLE deliveries ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON deliveries TO tickler_api, tickler_recurrer USING (user_id = (SELECT caller_id()));
GRANT SELECT, INSERT, UPDATE ON deliveries TO tickler_api;
GRANT SELECT (task_id, user_id, state, kind, next_attempt_at) ON deliveries TO tickler_recurrer; -- what it reads of any task
CREATE POLICY delivery ON deliveries TO tickler_notifier USING (true);
CREATE POLICY prune ON deliveries AS RESTRICTIVE FOR DELETE TO tickler_notifier USING (created_at < now() - kept_for('deliveries'));
GRANT SELECT, INSERT, UPDATE (state, outcome, attempts, sending, resends, held, summed_into, next_attempt_at, finished_at), DELETE
    ON deliveries TO tickler_notifier;

CREATE TABLE calendar_feeds (
    user_id    bigint      PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    hash       bytea       NOT NULL UNIQUE, -- SHA-256 of the secret in the address
    created_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE calendar_feeds ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON calendar_feeds TO tickler_api, tickler_recurrer USING (user_id = (SELECT caller_id()));
GRANT SELECT, INSERT, UPDATE, DELETE ON calendar_feeds TO tickler_api;

-- Finds the user whose calendar feed has a secret with this hash: who asks is not
-- known before. Like check_token, it runs under the rights of the schema's owner.
-- +goose StatementBegin
CREATE FUNCTION find_calendar(given bytea) RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    BEGIN ATOMIC
        SELECT f.user_id FROM calendar_feeds f WHERE f.hash = given;
    END;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION find_calendar FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_calendar TO tickler_api;

-- +goose Down
DROP FUNCTION find_calendar;
DROP TABLE calendar_feeds, deliveries, channels;
