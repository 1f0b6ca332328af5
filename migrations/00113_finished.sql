-- +goose Up
-- Lists of what was done lately, and of what was deleted and can be restored.
CREATE INDEX idx_tasks_completed ON tasks (user_id, completed_at, id) INCLUDE (estimate_minutes) WHERE completed AND deleted_at IS NULL;
CREATE INDEX idx_tasks_trash ON tasks (user_id, updated_at, id) WHERE deleted_at IS NOT NULL;

-- +goose Down
DROP INDEX idx_tasks_trash, idx_tasks_completed;
