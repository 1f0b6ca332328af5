-- +goose Up
-- What people and agents say about a task. The author is who the token says.
CREATE TABLE comments (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id     bigint      NOT NULL REFERENCES users ON DELETE CASCADE,
    task_id     bigint      NOT NULL,
    author_kind text        NOT NULL CHECK (author_kind IN ('person', 'agent', 'system')),
    author      text        NOT NULL, -- the name of the token or connection
    token_id    bigint,               -- that the author used, if any
    content     text        NOT NULL CHECK (char_length(content) <= 10000),
    url         text        CHECK (char_length(url) BETWEEN 1 AND 2000),
    link_title  text        CHECK (char_length(link_title) BETWEEN 1 AND 200),
    link_kind   text        CHECK (link_kind IN ('document', 'commit', 'pull_request', 'result')),
    created_at  timestamptz NOT NULL,
    updated_at  timestamptz NOT NULL,
    CHECK (content <> '' OR url IS NOT NULL),
    CHECK ((url IS NULL) = (link_kind IS NULL) AND (url IS NOT NULL OR link_title IS NULL)),
    FOREIGN KEY (user_id, task_id) REFERENCES tasks (user_id, id) ON DELETE CASCADE -- so that nobody comments on another's task
);
CREATE INDEX idx_comments_task ON comments (user_id, task_id, id);
ALTER TABLE comments ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON comments TO tickler_api USING (user_id = (SELECT caller_id()));
GRANT USAGE ON SEQUENCE comments_id_seq TO tickler_api; -- a comment that comes back has its id
GRANT SELECT, INSERT, DELETE, UPDATE (content, url, link_title, link_kind, updated_at) ON comments TO tickler_api;

-- Search finds what was said, ranked below title and description. A task has the
-- texts of its latest comments beside it, so that one index has all its words: a
-- query may want one word of the title and another of a comment.
ALTER TABLE tasks ADD COLUMN said text[]; -- newest first; NULL: nothing was said

-- +goose StatementBegin
CREATE FUNCTION said_words(said text[]) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    gap constant tsvector := $gap$' gap':1$gap$;
    words tsvector := '';
    one text;
BEGIN
    FOREACH one IN ARRAY said LOOP
        words := words || gap || public.text_words(one);
    END LOOP;
    RETURN setweight(words, 'C');
END $$;
-- +goose StatementEnd

-- As in 00111_search_words.sql, with what was said.
CREATE FUNCTION task_words(user_id bigint, category_id bigint, tag_ids bigint[], title text, description text, said text[]) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN owned_words(user_id, (
        setweight(text_words(title), 'A') || $$' gap':1$$::tsvector || setweight(text_words(description), 'B') ||
        CASE WHEN said IS NULL THEN '' ELSE said_words(said) END ||
        task_lexemes(user_id, category_id, tag_ids))::text)::tsvector;
REVOKE EXECUTE ON FUNCTION said_words, task_words(bigint, bigint, bigint[], text, text, text[]) FROM PUBLIC;
GRANT EXECUTE ON FUNCTION said_words, task_words(bigint, bigint, bigint[], text, text, text[]) TO tickler_api, tickler_recurrer; -- they write tasks

-- Postgres cannot change what a column is generated from.
DROP FUNCTION search_matches;
ALTER TABLE tasks DROP COLUMN search_vector;
DROP FUNCTION task_words(bigint, bigint, bigint[], text, text);
ALTER TABLE tasks ADD COLUMN search_vector tsvector NOT NULL GENERATED ALWAYS AS (
    task_words(user_id, category_id, tag_ids, title, description, said)
) STORED;
CREATE INDEX idx_tasks_search ON tasks USING gin (search_vector) WITH (gin_pending_list_limit = 512);
-- As before.
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
ALTER TABLE tasks DROP COLUMN search_vector;
DROP FUNCTION task_words;
CREATE FUNCTION task_words(user_id bigint, category_id bigint, tag_ids bigint[], title text, description text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN owned_words(user_id, (
        setweight(text_words(title), 'A') || $$' gap':1$$::tsvector || setweight(text_words(description), 'B') ||
        task_lexemes(user_id, category_id, tag_ids))::text)::tsvector;
REVOKE EXECUTE ON FUNCTION task_words FROM PUBLIC;
GRANT EXECUTE ON FUNCTION task_words TO tickler_api, tickler_recurrer;
ALTER TABLE tasks DROP COLUMN said;
ALTER TABLE tasks ADD COLUMN search_vector tsvector NOT NULL GENERATED ALWAYS AS (
    task_words(user_id, category_id, tag_ids, title, description)
) STORED;
CREATE INDEX idx_tasks_search ON tasks USING gin (search_vector) WITH (gin_pending_list_limit = 512);
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
DROP FUNCTION said_words;
DROP TABLE comments;
