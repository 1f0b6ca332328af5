-- +goose Up
ALTER TABLE users ADD COLUMN quiet_hours text; -- for example 22:00-07:00 except urgent

-- Channels are what deliveries are claimed by: one sender at a time serves one,
-- so that a target that hangs holds up its own deliveries only.
ALTER TABLE channels
    ADD COLUMN secret          text,        -- sealed with a key from the configuration
    ADD COLUMN problem         text,        -- why the last attempt failed
    ADD COLUMN failures        integer NOT NULL DEFAULT 0, -- attempts since the last that succeeded
    ADD COLUMN last_success_at timestamptz,
    ADD COLUMN next_attempt_at timestamptz, -- when a delivery is due; NULL: none waits
    ADD COLUMN rest_until      timestamptz, -- after a failure
    ADD COLUMN leased_until    timestamptz, -- by whoever serves it
    ADD COLUMN lease           bigint NOT NULL DEFAULT 0; -- tells one lease from the next
CREATE INDEX idx_channels_due ON channels (next_attempt_at) WHERE enabled AND next_attempt_at IS NOT NULL;

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
    next_attempt_at timestamptz NOT NULL,
    created_at      timestamptz NOT NULL,
    finished_at     timestamptz,
    UNIQUE (channel_id, event_id)
);
CREATE INDEX idx_deliveries_due ON deliveries (channel_id, next_attempt_at, id) WHERE state = 'pending';
CREATE INDEX idx_deliveries_user ON deliveries (user_id, id);
CREATE INDEX idx_deliveries_created ON deliveries (created_at);

CREATE TABLE calendar_feeds (
    user_id    bigint      PRIMARY KEY REFERENCES users ON DELETE CASCADE,
    hash       bytea       NOT NULL UNIQUE, -- SHA-256 of the secret in the address
    created_at timestamptz NOT NULL DEFAULT now()
);

-- +goose Down
DROP TABLE calendar_feeds, deliveries;
DROP INDEX idx_channels_due;
ALTER TABLE channels DROP COLUMN secret, DROP COLUMN problem, DROP COLUMN failures, DROP COLUMN last_success_at,
    DROP COLUMN next_attempt_at, DROP COLUMN rest_until, DROP COLUMN leased_until, DROP COLUMN lease;
ALTER TABLE users DROP COLUMN quiet_hours;
