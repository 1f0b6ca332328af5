-- +goose Up
-- Full-text search whose cost grows neither with the table nor with the user's
-- number of tasks. docs/decisions/0008-search.md

-- The owner and the labels of a task as lexemes. They hold ids rather than names, so
-- that renaming costs nothing. No word contains a blank, so nothing else matches
-- them.
CREATE FUNCTION task_lexemes(user_id bigint, category_id bigint, tag_ids bigint[]) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN array_to_tsvector(
        array_remove(ARRAY[' user ' || user_id::text, ' category ' || category_id::text], NULL) ||
        ARRAY(SELECT ' tag ' || tag_id::text FROM unnest(tag_ids) tag_id));

-- Prefixes each quoted lexeme of a tsvector or tsquery with the user's id. A search
-- then reads only the user's words in the index, not everybody's.
CREATE FUNCTION owned_words(user_id bigint, words text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN regexp_replace(words, $$'((?:[^']|'')*)'$$, $$'$$ || user_id || $$ \1'$$, 'g');

-- Each text is indexed twice: stemmed as English, and unstemmed for all other
-- languages. The gaps between texts keep a phrase from matching across them. A run
-- of hundreds of characters is no word, and could be too long for a lexeme.
CREATE FUNCTION task_words(user_id bigint, category_id bigint, tag_ids bigint[], title text, description text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN owned_words(user_id, (
        setweight(to_tsvector('pg_catalog.english', title), 'A') || $$' gap':1$$::tsvector ||
        setweight(to_tsvector('pg_catalog.simple', title), 'A') || $$' gap':1$$::tsvector ||
        setweight(to_tsvector('pg_catalog.english', regexp_replace(description, '\S{255,}', ' ', 'g')), 'B') || $$' gap':1$$::tsvector ||
        setweight(to_tsvector('pg_catalog.simple', regexp_replace(description, '\S{255,}', ' ', 'g')), 'B') ||
        task_lexemes(user_id, category_id, tag_ids))::text)::tsvector;

REVOKE EXECUTE ON FUNCTION task_lexemes, owned_words, task_words FROM PUBLIC;
GRANT EXECUTE ON FUNCTION task_lexemes, owned_words, task_words TO tickler_api, tickler_recurrer; -- they write tasks

ALTER TABLE tasks ADD COLUMN search_vector tsvector NOT NULL GENERATED ALWAYS AS (
    task_words(user_id, category_id, tag_ids, title, description)
) STORED;
-- Every search also reads the entries waiting to be merged into the index.
CREATE INDEX idx_tasks_search ON tasks USING gin (search_vector) WITH (gin_pending_list_limit = 512);

-- The two functions below run with the rights of the schema's owner. Behind a policy
-- Postgres does not use an index for @@ and <%, since they could leak rows that the
-- policy hides. The functions return rows only of the user on whose behalf the
-- transaction works. internal/repository does the rest.

-- Up to a number of the user's matching tasks, in no order, with their rank; NULL
-- means all. Only the condition on the vector has an index, so there is one plan,
-- whatever the statistics say.
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

-- Typos are forgiven if pg_trgm is available; with btree_gin too, the cost does not
-- grow with the table. The user's id is indexed as text so that no other index
-- competes. search_titles returns up to a number of the user's titles that contain a
-- similar word, as pg_trgm.word_similarity_threshold defines it.
-- +goose StatementBegin
DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    EXECUTE $function$
        CREATE FUNCTION search_titles(word text, most integer)
            RETURNS TABLE (id bigint, similarity float8)
            LANGUAGE sql STABLE SECURITY DEFINER
            SET search_path = pg_catalog, public, pg_temp
            SET enable_seqscan = off
            BEGIN ATOMIC
                SELECT t.id, word_similarity(word, t.title)::float8
                FROM tasks t
                WHERE word <% t.title AND t.user_id::text = (SELECT caller_id()::text) AND t.deleted_at IS NULL
                LIMIT most;
            END
    $function$;
    REVOKE EXECUTE ON FUNCTION search_titles FROM PUBLIC;
    GRANT EXECUTE ON FUNCTION search_titles TO tickler_api;
    BEGIN
        CREATE EXTENSION IF NOT EXISTS btree_gin;
        CREATE INDEX idx_tasks_trigrams ON tasks USING gin ((user_id::text), title gin_trgm_ops)
            WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;
    EXCEPTION WHEN OTHERS THEN
        RAISE NOTICE 'search will forgive typos slowly: %', SQLERRM;
        CREATE INDEX idx_tasks_trigrams ON tasks USING gin (title gin_trgm_ops)
            WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;
    END;
EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE 'search will not forgive typos: %', SQLERRM;
END
$$;
-- +goose StatementEnd

-- +goose Down
-- The extensions stay, because they may have been there before.
DROP FUNCTION IF EXISTS search_titles;
DROP FUNCTION search_matches;
DROP INDEX IF EXISTS idx_tasks_trigrams;
ALTER TABLE tasks DROP COLUMN search_vector;
DROP FUNCTION task_words, owned_words, task_lexemes;
