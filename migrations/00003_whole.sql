-- +goose Up
-- Reminders at an instant of their own: they stay when the due date moves.
ALTER TABLE tasks
    ADD COLUMN absolute_reminder timestamptz,
    ADD COLUMN snoozed_until     timestamptz,
    ADD COLUMN tag_ids           bigint[] NOT NULL DEFAULT '{}'; -- those of task_tags, ascending, for search_vector
UPDATE tasks t SET tag_ids = ARRAY(SELECT x.tag_id FROM task_tags x WHERE x.task_id = t.id ORDER BY 1)
WHERE EXISTS (SELECT FROM task_tags x WHERE x.task_id = t.id);

-- Whose a task is and how it is filed, as lexemes. Ids rather than names: a new
-- name costs nothing. No word has a blank in it, so nothing else matches them.
CREATE FUNCTION task_lexemes(user_id bigint, category_id bigint, tag_ids bigint[]) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN array_to_tsvector(
        array_remove(ARRAY[' user ' || user_id::text, ' category ' || category_id::text], NULL) ||
        ARRAY(SELECT ' tag ' || tag_id::text FROM unnest(tag_ids) tag_id));

-- Each text twice: stemmed as English, and as it stands for all other
-- languages. The gaps keep a phrase from matching across two of them.
ALTER TABLE tasks DROP COLUMN search_vector;
ALTER TABLE tasks ADD COLUMN search_vector tsvector NOT NULL GENERATED ALWAYS AS (
    setweight(to_tsvector('english', title), 'A') || $$' gap':1$$::tsvector ||
    setweight(to_tsvector('simple', title), 'A') || $$' gap':1$$::tsvector ||
    setweight(to_tsvector('english', description), 'B') || $$' gap':1$$::tsvector ||
    setweight(to_tsvector('simple', description), 'B') ||
    task_lexemes(user_id, category_id, tag_ids)
) STORED;
CREATE INDEX idx_tasks_search ON tasks USING gin (search_vector);

CREATE INDEX idx_tasks_open ON tasks (user_id, coalesce(due_date, 'infinity'), id) WHERE deleted_at IS NULL AND NOT completed;
CREATE INDEX idx_tasks_deleted ON tasks (deleted_at) WHERE deleted_at IS NOT NULL;

-- Typos are forgiven where pg_trgm can be had; elsewhere they are not.
-- +goose StatementBegin
DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE INDEX idx_tasks_trigrams ON tasks USING gin (title gin_trgm_ops) WHERE deleted_at IS NULL;
EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE 'search will not forgive typos: %', SQLERRM;
END
$$;
-- +goose StatementEnd

-- +goose Down
-- The extension stays: it may have been there before.
DROP INDEX IF EXISTS idx_tasks_trigrams;
DROP INDEX idx_tasks_deleted, idx_tasks_open;
ALTER TABLE tasks DROP COLUMN search_vector;
ALTER TABLE tasks ADD COLUMN search_vector tsvector NOT NULL GENERATED ALWAYS AS (
    setweight(to_tsvector('english', title), 'A') ||
    setweight(to_tsvector('english', description), 'B')
) STORED;
CREATE INDEX idx_tasks_search ON tasks USING gin (search_vector);
DROP FUNCTION task_lexemes;
ALTER TABLE tasks DROP COLUMN absolute_reminder, DROP COLUMN snoozed_until, DROP COLUMN tag_ids;
