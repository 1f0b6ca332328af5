-- +goose Up
-- Lists of what was done lately, and of what was deleted and can be restored.
CREATE INDEX idx_tasks_completed ON tasks (user_id, completed_at, id) INCLUDE (estimate_minutes) WHERE completed AND deleted_at IS NULL;
CREATE INDEX idx_tasks_trash ON tasks (user_id, updated_at, id) WHERE deleted_at IS NOT NULL;

-- A search for open or for completed tasks alone; done NULL means both. For the rest
-- see 00105_search.sql.
DROP FUNCTION search_matches;
-- +goose StatementBegin
CREATE FUNCTION search_matches(query tsquery, words tsquery, weights real[], priorities task_priority[], done boolean, most integer)
    RETURNS TABLE (id bigint, score float8)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
    SET enable_seqscan = off
    BEGIN ATOMIC
        SELECT t.id, ts_rank(weights, t.search_vector, words)::float8
        FROM tasks t
        WHERE t.search_vector @@ query AND t.user_id + 0 = (SELECT caller_id()) AND t.deleted_at IS NULL
          AND (priorities IS NULL OR t.priority = ANY (priorities)) AND (done IS NULL OR t.completed = done)
        LIMIT most;
    END;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION search_matches FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search_matches TO tickler_api;

-- +goose Down
DROP FUNCTION search_matches;
-- +goose StatementBegin
CREATE FUNCTION search_matches(query tsquery, words tsquery, weights real[], priorities task_priority[], most integer)
    RETURNS TABLE (id bigint, score float8)
    LANGUAGE sql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
    SET enable_seqscan = off
    BEGIN ATOMIC
        SELECT t.id, ts_rank(weights, t.search_vector, words)::float8
        FROM tasks t
        WHERE t.search_vector @@ query AND t.user_id + 0 = (SELECT caller_id()) AND t.deleted_at IS NULL
          AND (priorities IS NULL OR t.priority = ANY (priorities))
        LIMIT most;
    END;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION search_matches FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search_matches TO tickler_api;
DROP INDEX idx_tasks_trash, idx_tasks_completed;
