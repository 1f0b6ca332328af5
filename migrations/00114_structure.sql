-- +goose Up
-- The structure of work: parts of a task, what must be done first, when it can start,
-- and whom it waits for.
ALTER TABLE tasks
    ADD COLUMN parent_id     bigint CHECK (parent_id <> id), -- the task that this one is a part of
    ADD COLUMN blocked_by    bigint[] CHECK (cardinality(blocked_by) BETWEEN 1 AND 50), -- what must be done first, ascending
    ADD COLUMN start_date    timestamptz,                    -- not before this instant
    ADD COLUMN start_all_day boolean NOT NULL DEFAULT false, -- a day was given; start_date is its beginning in time_zone
    ADD COLUMN waiting_for   text CHECK (char_length(waiting_for) BETWEEN 1 AND 200),
    ADD COLUMN deleted_with  bigint,                         -- the task whose deletion took this part along
    ADD FOREIGN KEY (user_id, parent_id) REFERENCES tasks (user_id, id) ON DELETE SET NULL (parent_id);
-- Whether a task has open parts is answered from the index.
CREATE INDEX idx_tasks_parts ON tasks (user_id, parent_id) INCLUDE (id, completed, deleted_at) WHERE parent_id IS NOT NULL;
-- A condition on the elements of an array has no index behind a policy. Few tasks are
-- blocked, so those are listed.
CREATE INDEX idx_tasks_blocked ON tasks (user_id) INCLUDE (id, blocked_by, completed, deleted_at) WHERE blocked_by IS NOT NULL;
-- As before, with what decides whether a task is ready.
DROP INDEX idx_tasks_open;
CREATE INDEX idx_tasks_open ON tasks (user_id, coalesce(due_date, 'infinity'), id)
    INCLUDE (due_date, priority, category_id, estimate_minutes, parent_id, blocked_by, start_date, waiting_for) WHERE deleted_at IS NULL AND NOT completed;
-- A tree is stored with ids that were drawn before, so that its tasks can refer to
-- each other.
GRANT USAGE ON SEQUENCE tasks_id_seq TO tickler_api, tickler_recurrer;

-- +goose Down
REVOKE USAGE ON SEQUENCE tasks_id_seq FROM tickler_api, tickler_recurrer;
DROP INDEX idx_tasks_open;
ALTER TABLE tasks DROP COLUMN parent_id, DROP COLUMN blocked_by, DROP COLUMN start_date, DROP COLUMN start_all_day, DROP COLUMN waiting_for, DROP COLUMN deleted_with;
CREATE INDEX idx_tasks_open ON tasks (user_id, coalesce(due_date, 'infinity'), id)
    INCLUDE (due_date, priority, category_id, estimate_minutes) WHERE deleted_at IS NULL AND NOT completed;
