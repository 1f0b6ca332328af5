-- +goose Up
-- The reminders still to come, one row a task: the next of each. They stand
-- apart from tasks because claiming one must not write the task's row, and with
-- it an entry in each of that table's indexes.
CREATE TABLE reminders (
    task_id   bigint      PRIMARY KEY REFERENCES tasks ON DELETE CASCADE,
    user_id   bigint      NOT NULL,
    remind_at timestamptz NOT NULL
) WITH (autovacuum_vacuum_scale_factor = 0.02, autovacuum_vacuum_threshold = 5000);
INSERT INTO reminders (task_id, user_id, remind_at)
SELECT id, user_id, remind_at FROM tasks WHERE remind_at IS NOT NULL;
-- As large as the number of reminders still to come, however many tasks there are.
CREATE INDEX idx_reminders_due ON reminders (remind_at);
ALTER TABLE tasks DROP COLUMN remind_at, DROP COLUMN reminder_sent; -- and idx_tasks_reminder_query

-- +goose Down
ALTER TABLE tasks ADD COLUMN remind_at timestamptz, ADD COLUMN reminder_sent boolean NOT NULL DEFAULT true;
UPDATE tasks t SET remind_at = r.remind_at, reminder_sent = false FROM reminders r WHERE r.task_id = t.id;
ALTER TABLE tasks ADD CHECK (reminder_sent = (remind_at IS NULL));
CREATE INDEX idx_tasks_reminder_query ON tasks (remind_at)
    WHERE reminder_sent = false AND completed = false AND deleted_at IS NULL;
DROP TABLE reminders;
