-- +goose Up
-- The next reminder of each task, and the last that was claimed, by which it is
-- known what was sent. They stand apart from tasks because claiming one must not
-- write the task's row, and with it an entry in each of that table's indexes.
CREATE TABLE reminders (
    task_id      bigint      PRIMARY KEY REFERENCES tasks ON DELETE CASCADE,
    user_id      bigint      NOT NULL,
    remind_at    timestamptz, -- NULL: none is left
    reminded_at  timestamptz, -- when one was claimed last
    reminded_due timestamptz  -- the due date that it was about
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000);
-- As large as the number of reminders still to come, however many tasks there are.
CREATE INDEX idx_reminders_due ON reminders (remind_at) WHERE remind_at IS NOT NULL;
ALTER TABLE reminders ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON reminders TO tickler_api, tickler_recurrer USING (user_id = (SELECT caller_id()));
GRANT SELECT, INSERT, UPDATE, DELETE ON reminders TO tickler_api;
GRANT SELECT, INSERT ON reminders TO tickler_recurrer;
CREATE POLICY delivery ON reminders TO tickler_notifier USING (true);
GRANT SELECT, UPDATE (remind_at, reminded_at, reminded_due), DELETE ON reminders TO tickler_notifier;

-- +goose Down
DROP TABLE reminders;
