-- +goose Up
-- An event that the broker refuses is parked with its error: its own task's
-- later events wait behind it, all others go on.
ALTER TABLE outbox ADD COLUMN parked_at timestamptz, ADD COLUMN error text;
CREATE INDEX idx_outbox_parked ON outbox (task_id) WHERE parked_at IS NOT NULL;

-- Dead letters as their consumers keep them, on whatever broker they came.
CREATE TABLE dead_letters (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    topic       text        NOT NULL, -- that the event was consumed from
    event_id    uuid,                 -- NULL when the event could not be read
    event_type  text        NOT NULL DEFAULT '',
    task_id     bigint,
    reason      text        NOT NULL,
    document    text        NOT NULL, -- as it came
    received_at timestamptz NOT NULL DEFAULT now(),
    redriven_at timestamptz
);
-- A letter that is delivered twice is kept once; one that comes back after it was sent again is another.
CREATE UNIQUE INDEX idx_dead_letters_event ON dead_letters (topic, coalesce(event_id::text, md5(document))) WHERE redriven_at IS NULL;
CREATE INDEX idx_dead_letters_received ON dead_letters (received_at);

-- +goose Down
DROP TABLE dead_letters;
DROP INDEX idx_outbox_parked;
ALTER TABLE outbox DROP COLUMN parked_at, DROP COLUMN error;
