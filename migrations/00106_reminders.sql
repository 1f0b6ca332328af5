-- +goose Up
-- The next reminder of each task, and the last one claimed, which shows what was
-- sent. They are kept apart from tasks because claiming a reminder must not write
-- the task's row, and with it an entry in each of that table's indexes.
CREATE TABLE reminders (
    task_id      bigint      PRIMARY KEY REFERENCES tasks ON DELETE CASCADE,
    user_id      bigint      NOT NULL,
    remind_at    timestamptz, -- NULL: none left
    reminded_at  timestamptz, -- when one was last claimed
    reminded_due timestamptz  -- the due date it was about
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000);
-- The size of this index depends on the reminders still to come, not on the number
-- of tasks.
CREATE INDEX idx_reminders_due ON reminders (remind_at) WHERE remind_at IS NOT NULL;
ALTER TABLE reminders ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON reminders TO tickler_api, tickler_recurrer USING (user_id = (SELECT caller_id()));
GRANT SELECT, INSERT, UPDATE, DELETE ON reminders TO tickler_api;
GRANT SELECT, INSERT ON reminders TO tickler_recurrer;
CREATE POLICY delivery ON reminders TO tickler_notifier USING (true);
GRANT SELECT, UPDATE (remind_at, reminded_at, reminded_due), DELETE ON reminders TO tickler_notifier;

-- +goose Down
DROP TABLE reminders;
