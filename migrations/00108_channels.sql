-- +goose Up
-- Deliveries are claimed by channel. One sender at a time serves a channel, so that
-- a target that hangs holds up only its own deliveries.
CREATE TABLE channels (
    id              bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id         bigint      NOT NULL REFERENCES users ON DELETE CASCADE,
    kind            text        NOT NULL CHECK (kind IN ('webhook', 'ntfy', 'email')),
    target          text        NOT NULL,
    secret          text,        -- sealed with a key from the configuration
    enabled         boolean     NOT NULL DEFAULT true,
    confirmed       boolean     NOT NULL DEFAULT true, -- for mail: somebody who reads it opened the link
    problem         text,        -- why the last attempt failed
    failures        integer     NOT NULL DEFAULT 0, -- failed attempts since the last success
    last_success_at timestamptz,
    next_attempt_at timestamptz, -- when a delivery is due; NULL: none
    rest_until      timestamptz, -- after a failure
    leased_until    timestamptz, -- while a sender serves it
    lease           bigint      NOT NULL DEFAULT 0, -- distinguishes one lease from the next
    created_at      timestamptz NOT NULL DEFAULT now(),
    UNIQUE (user_id, kind, target),
    CHECK (confirmed OR NOT enabled)
);
-- An unconfirmed channel is served only for its confirmation.
CREATE INDEX idx_channels_due ON channels (next_attempt_at) WHERE (enabled OR NOT confirmed) AND next_attempt_at IS NOT NULL;
ALTER TABLE channels ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON channels TO tickler_api, tickler_recurrer USING (user_id = (SELECT caller_id()));
GRANT SELECT, INSERT, UPDATE, DELETE ON channels TO tickler_api;
-- notifier serves all channels, but cannot change the target of one.
CREATE POLICY delivery ON channels TO tickler_notifier USING (true);
GRANT SELECT, UPDATE (enabled, problem, failures, last_success_at, next_attempt_at, rest_until, leased_until, lease)
    ON channels TO tickler_notifier;

-- Every message to a channel: when, where, with what outcome.
CREATE TABLE deliveries (
    id              bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id         bigint      NOT NULL REFERENCES users ON DELETE CASCADE,
    channel_id      bigint      REFERENCES channels ON DELETE SET NULL,
    target          text        NOT NULL, -- the channel's target, kept when the channel is removed
    event_id        uuid        NOT NULL, -- receivers deduplicate by it
    kind            text        NOT NULL CHECK (kind IN ('reminder', 'test', 'notice', 'confirmation')),
    task_id         bigint,
    due_date        timestamptz, -- the task's due date when it reminded
    content         json        NOT NULL,
    state           text        NOT NULL DEFAULT 'pending' CHECK (state IN ('pending', 'sent', 'failed', 'dropped', 'unknown')),
    outcome         text        NOT NULL DEFAULT '',
    attempts        integer     NOT NULL DEFAULT 0,
    sending         boolean     NOT NULL DEFAULT false, -- an attempt has begun and its outcome is unknown
    resends         integer     NOT NULL DEFAULT 0,     -- attempts repeated because an outcome stayed unknown
    held            boolean     NOT NULL DEFAULT false, -- held back by quiet hours, which end at next_attempt_at
    at_once         boolean     NOT NULL DEFAULT false, -- its time had already passed when it was set; several are merged
    summed_into     bigint,      -- the delivery this one was merged into
    next_attempt_at timestamptz NOT NULL,
    mailed_at       timestamptz, -- for a mail: when its first attempt began
    created_at      timestamptz NOT NULL,
    finished_at     timestamptz,
    UNIQUE (channel_id, event_id)
);
CREATE INDEX idx_deliveries_due ON deliveries (channel_id, next_attempt_at, id) WHERE state = 'pending';
CREATE INDEX idx_deliveries_task ON deliveries (task_id) WHERE state = 'pending' AND kind = 'reminder';
CREATE INDEX idx_deliveries_summed ON deliveries (summed_into) WHERE summed_into IS NOT NULL;
CREATE INDEX idx_deliveries_user ON deliveries (user_id, id);
CREATE INDEX idx_deliveries_mailed ON deliveries (user_id, mailed_at) WHERE mailed_at IS NOT NULL;
CREATE INDEX idx_deliveries_created ON deliveries (created_at);
ALTER TABLE deliveries ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON deliveries TO tickler_api, tickler_recurrer USING (user_id = (SELECT caller_id()));
GRANT SELECT, INSERT, UPDATE ON deliveries TO tickler_api;
GRANT SELECT (task_id, user_id, state, kind, next_attempt_at) ON deliveries TO tickler_recurrer; -- which it reads for any task
CREATE POLICY delivery ON deliveries TO tickler_notifier USING (true);
CREATE POLICY prune ON deliveries AS RESTRICTIVE FOR DELETE TO tickler_notifier USING (created_at < now() - kept_for('deliveries'));
GRANT SELECT, INSERT, UPDATE (state, outcome, attempts, sending, resends, held, summed_into, next_attempt_at, mailed_at, finished_at), DELETE
    ON deliveries TO tickler_notifier;

-- The links in confirmation mails. notifier adds one for each mail it sends; api
-- looks them up through the functions below and can read nothing here.
CREATE TABLE channel_confirmations (
    hash       bytea       PRIMARY KEY, -- SHA-256 of the secret in the link
    channel_id bigint      NOT NULL REFERENCES channels ON DELETE CASCADE,
    expires_at timestamptz NOT NULL DEFAULT now() + interval '24 hours'
);
CREATE INDEX idx_channel_confirmations_channel ON channel_confirmations (channel_id);
ALTER TABLE channel_confirmations ENABLE ROW LEVEL SECURITY;
CREATE POLICY add ON channel_confirmations FOR INSERT TO tickler_notifier WITH CHECK (true);
CREATE POLICY expired ON channel_confirmations TO tickler_notifier USING (expires_at <= now());
GRANT INSERT (hash, channel_id), SELECT (channel_id, expires_at), DELETE ON channel_confirmations TO tickler_notifier;

-- A person who opens such a link is unknown, so these find the channel with the
-- rights of the schema's owner. They return its address, or NULL.
-- +goose StatementBegin
CREATE FUNCTION find_confirmation(given bytea) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    BEGIN ATOMIC
        SELECT c.target FROM channel_confirmations f JOIN channels c ON c.id = f.channel_id
        WHERE f.hash = given AND f.expires_at > now();
    END;
-- +goose StatementEnd
-- Confirms the channel and switches it on, unless it was confirmed before: opening
-- the link again changes nothing.
-- +goose StatementBegin
CREATE FUNCTION confirm_channel(given bytea) RETURNS text
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    BEGIN ATOMIC
        WITH confirmed AS (
            UPDATE channels c SET confirmed = true, enabled = true, problem = NULL, failures = 0
            FROM channel_confirmations f
            WHERE f.hash = given AND f.expires_at > now() AND c.id = f.channel_id AND NOT c.confirmed
            RETURNING c.id, c.user_id
        )
        INSERT INTO journal (user_id, at, call_id, actor_kind, actor, transport, object, object_id, action, before, after)
        SELECT user_id, now(), gen_random_uuid(), 'person', 'confirmation link', 'page', 'channel', id, 'updated', '{"enabled":false}', '{"enabled":true}'
        FROM confirmed;
        SELECT find_confirmation(given);
    END;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION find_confirmation, confirm_channel FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_confirmation, confirm_channel TO tickler_api;

CREATE TABLE calendar_feeds (
    user_id    bigint      PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    hash       bytea       NOT NULL UNIQUE, -- SHA-256 of the secret in the address
    created_at timestamptz NOT NULL DEFAULT now()
);
ALTER TABLE calendar_feeds ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON calendar_feeds TO tickler_api, tickler_recurrer USING (user_id = (SELECT caller_id()));
GRANT SELECT, INSERT, UPDATE, DELETE ON calendar_feeds TO tickler_api;

-- Finds the user whose calendar feed has a secret with this hash. The caller is
-- unknown before that, so, like check_token, it runs with the rights of the schema's
-- owner.
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
DROP FUNCTION find_calendar, confirm_channel, find_confirmation;
DROP TABLE calendar_feeds, channel_confirmations, deliveries, channels;
