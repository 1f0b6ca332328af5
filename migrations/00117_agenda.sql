-- +goose Up
-- The agenda lists open series by due date, of which most people have few among their
-- tasks.
CREATE INDEX idx_tasks_series_open ON tasks (user_id, coalesce(due_date, 'infinity'), id)
    WHERE recurrence_rule IS NOT NULL AND due_date IS NOT NULL AND NOT completed AND deleted_at IS NULL;

-- +goose Down
DROP INDEX idx_tasks_series_open;
