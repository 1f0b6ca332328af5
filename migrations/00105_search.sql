-- +goose Up
-- Search, at a cost that grows neither with the table nor with the user's tasks.
-- docs/decisions/0008-search.md

-- Whose a task is and how it is filed, as lexemes. Ids rather than names: a new
-- name costs nothing. No word has a blank in it, so nothing else matches them.
CREATE FUNCTION task_lexemes(user_id bigint, category_id bigint, tag_ids bigint[]) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN array_to_tsvector(
        array_remove(ARRAY[' user ' || user_id::text, ' category ' || category_id::text], NULL) ||
        ARRAY(SELECT ' tag ' || tag_id::text FROM unnest(tag_ids) tag_id));

-- Every quoted lexeme in the text of a tsvector or tsquery, made one of the
-- user's own: a prefix then reads the user's words in the index, not everybody's.
CREATE FUNCTION owned_words(user_id bigint, words text) RETURNS text
    LANGUAGE sql IMMUTABLE STRICT PARALLEL SAFE
    RETURN regexp_replace(words, $$'((?:[^']|'')*)'$$, $$'$$ || user_id || $$ \1'$$, 'g');

-- Each text twice: stemmed as English, and as it stands for all other
-- languages. The gaps keep a phrase from matching across two of them. What runs
-- on for hundreds of characters is no word, and could be too long for a lexeme.
CREATE FUNCTION task_words(user_id bigint, category_id bigint, tag_ids bigint[], title text, description text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN owned_words(user_id, (
        setweight(to_tsvector('pg_catalog.english', title), 'A') || $$' gap':1$$::tsvector ||
        setweight(to_tsvector('pg_catalog.simple', title), 'A') || $$' gap':1$$::tsvector ||
        setweight(to_tsvector('pg_catalog.english', regexp_replace(description, '\S{255,}', ' ', 'g')), 'B') || $$' gap':1$$::tsvector ||
        setweight(to_tsvector('pg_catalog.simple', regexp_replace(description, '\S{255,}', ' ', 'g')), 'B') ||
        task_lexemes(user_id, category_id, tag_ids))::text)::tsvector;

REVOKE EXECUTE ON FUNCTION task_lexemes, owned_words, task_words FROM PUBLIC;
GRANT EXECUTE ON FUNCTION task_lexemes, owned_words, task_words TO tickler_api, tickler_recurrer; -- who write tasks

ALTER TABLE tasks ADD COLUMN search_vector tsvector NOT NULL GENERATED ALWAYS AS (
    task_words(user_id, category_id, tag_ids, title, description)
) STORED;
-- What waits to be merged into the index is read by every search.
CREATE INDEX idx_tasks_search ON tasks USING gin (search_vector) WITH (gin_pending_list_limit = 512);

-- The two functions below run under the rights of the schema's owner: behind a
-- policy, Postgres keeps @@ and <% out of an index, since they could tell about
-- rows that the policy hides. So they check for themselves: they answer nobody
-- but the user that the transaction works for, set as tickler.user_id.

-- A page of the user's tasks that match, best first, behind a position; ranked by
-- words. The first row's total counts all; without a page its id is NULL. One
-- reading of the matches gives order and count. No condition but that on the
-- vector has an index, so that there is one plan whatever the statistics say.
-- Weights D, C, B, A: a word in the title outweighs any number of them in the
-- description, which outweighs the name of a label.
--
-- Where many tasks match, ranking them all would take long and tell little: then
-- the user's tasks are taken a window at a time, the newest first, and ranked
-- within it, and the total is an estimate. below is the end of the window, for the
-- next page to go on from; NULL where all were ranked.
-- +goose StatementBegin
CREATE FUNCTION search_tasks(of_user bigint, query tsquery, words tsquery, priorities task_priority[], after_below bigint, after_score float8, after_id bigint, size integer)
    RETURNS TABLE (id bigint, score float8, below bigint, total bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
    SET enable_seqscan = off
AS $$
DECLARE
    most    CONSTANT integer := 2000; -- matches that are all ranked
    tasks_a_window CONSTANT integer := 500;
    dense   CONSTANT integer := tasks_a_window / 20; -- matches that make a window worth it
    sample  CONSTANT integer := 100; -- of the newest tasks; where half of them match, very many may
    weights CONSTANT float4[] := '{0.005, 0.01, 0.05, 1.0}'; -- of D, C, B, A
    -- Words are the user's own: only what has none to be there must be told whose it is.
    matches tsquery := CASE WHEN querytree(query) IN ('T', '') THEN format($q$'%s  user %s'$q$, of_user, of_user)::tsquery && query ELSE query END;
    windowed boolean := after_below IS NOT NULL;
    least   integer := CASE WHEN windowed THEN most + 1 ELSE 0 END; -- matches there are
    estimate bigint;
    upper   bigint := after_below;
    lower   bigint;
    hits    bigint[];
    ranks   float8[];
    span    integer;
    missing integer := size;
    got     integer;
BEGIN
    IF of_user IS DISTINCT FROM nullif(current_setting('tickler.user_id', true), '')::bigint THEN
        RAISE EXCEPTION 'search_tasks: the transaction does not work for user %', of_user USING ERRCODE = 'insufficient_privilege';
    END IF;
    IF after_id IS NULL AND most < (SELECT count(*) FROM (SELECT FROM tasks t WHERE t.user_id = of_user LIMIT most + 1) own) THEN
        windowed := sample / 2 <= (SELECT count(*) FROM (
            SELECT t.deleted_at, t.priority, t.search_vector FROM tasks t WHERE t.user_id = of_user ORDER BY t.id DESC LIMIT sample
        ) newest WHERE deleted_at IS NULL AND (priorities IS NULL OR priority = ANY (priorities)) AND ts_match_vq(search_vector, matches));
        IF NOT windowed THEN
            windowed := most < (SELECT count(*) FROM (
                SELECT FROM tasks t
                WHERE t.search_vector @@ matches AND t.user_id + 0 = of_user AND t.deleted_at IS NULL
                  AND (priorities IS NULL OR t.priority = ANY (priorities))
                LIMIT most + 1) some_of_them);
            least := most + 1;
        END IF;
    END IF;
    IF windowed THEN
        upper := coalesce(upper, (SELECT max(t.id) + 1 FROM tasks t WHERE t.user_id = of_user));
    END IF;
    WHILE windowed AND missing > 0 LOOP
        SELECT min(own.id), count(*) INTO lower, span FROM (SELECT t.id FROM tasks t WHERE t.user_id = of_user AND t.id < upper ORDER BY t.id DESC LIMIT tasks_a_window) own;
        EXIT WHEN lower IS NULL;
        SELECT array_agg(t.id), array_agg(ts_rank(weights, t.search_vector, words)) INTO hits, ranks
        FROM tasks t
        WHERE t.user_id = of_user AND t.id >= lower AND t.id < upper AND t.deleted_at IS NULL
          AND (priorities IS NULL OR t.priority = ANY (priorities))
          AND ts_match_vq(t.search_vector, matches); -- @@ would read the index on words
        IF estimate IS NULL THEN
            got := coalesce(cardinality(hits), 0);
            estimate := greatest(least, (SELECT count(*) FROM tasks t WHERE t.user_id = of_user) * got / span);
            windowed := after_below IS NOT NULL OR (got >= dense AND estimate > most);
            EXIT WHEN NOT windowed;
        END IF;
        RETURN QUERY
        SELECT hit, rank, upper, estimate FROM unnest(hits, ranks) AS each_hit (hit, rank)
        WHERE after_id IS NULL OR (rank, hit) < (after_score, after_id)
        ORDER BY rank DESC, hit DESC LIMIT missing;
        GET DIAGNOSTICS got = ROW_COUNT;
        missing := missing - got;
        upper := lower;
        after_id := NULL;
    END LOOP;
    IF windowed THEN
        RETURN;
    END IF;
    RETURN QUERY
    WITH found AS MATERIALIZED (
        SELECT t.id AS hit, ts_rank(weights, t.search_vector, words)::float8 AS rank
        FROM tasks t
        WHERE t.search_vector @@ matches AND t.user_id + 0 = of_user AND t.deleted_at IS NULL
          AND (priorities IS NULL OR t.priority = ANY (priorities))
    ), page AS (
        SELECT hit, rank FROM found
        WHERE after_id IS NULL OR (rank, hit) < (after_score, after_id)
        ORDER BY rank DESC, hit DESC LIMIT size
    )
    SELECT page.hit, page.rank, NULL::bigint, counted.n
    FROM (SELECT count(*) AS n FROM found) counted LEFT JOIN page ON true
    ORDER BY page.rank DESC, page.hit DESC;
END
$$;

-- The same, forgiving typos. Term i of the query belongs to an alternative; it
-- is met by queries[i], or where near[i] is given by a word in the title that is
-- nearly that. All terms of one alternative must be met. No more than a thousand
-- titles are looked at for a word.
CREATE FUNCTION search_tasks_nearly(of_user bigint, alternatives integer[], queries tsquery[], near text[], filter tsquery, priorities task_priority[], after_score float8, after_id bigint, size integer)
    RETURNS TABLE (id bigint, score float8, total bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
    SET enable_seqscan = off
AS $$
BEGIN
    IF of_user IS DISTINCT FROM nullif(current_setting('tickler.user_id', true), '')::bigint THEN
        RAISE EXCEPTION 'search_tasks_nearly: the transaction does not work for user %', of_user USING ERRCODE = 'insufficient_privilege';
    END IF;
    PERFORM set_config('pg_trgm.word_similarity_threshold', '0.35', true); -- a letter wrong or missing in a word of six
    RETURN QUERY
    WITH terms AS MATERIALIZED (
        SELECT * FROM unnest(alternatives, queries, near) WITH ORDINALITY AS given (alternative, query, word, place)
    ), nearly AS MATERIALIZED (
        SELECT t.id AS near_id, array_agg(terms.place) AS places, sum(word_similarity(terms.word, t.title)) AS similarity
        FROM terms CROSS JOIN LATERAL (
            SELECT tasks.id, tasks.title FROM tasks
            WHERE terms.word <% tasks.title AND tasks.user_id::text = of_user::text AND tasks.deleted_at IS NULL
            LIMIT 1000
        ) t
        GROUP BY t.id
    ), found AS MATERIALIZED (
        SELECT t.id AS found_id, nearly.similarity::float8 / (SELECT count(word) FROM terms) AS found_score
        FROM nearly JOIN tasks t ON t.id = nearly.near_id
        WHERE (filter IS NULL OR t.search_vector @@ filter) AND (priorities IS NULL OR t.priority = ANY (priorities))
          AND (SELECT bool_or(met) FROM (
                   SELECT bool_and(t.search_vector @@ terms.query OR (terms.word IS NOT NULL AND terms.place = ANY (nearly.places))) AS met
                   FROM terms GROUP BY terms.alternative) each_alternative)
    ), page AS (
        SELECT found_id, found_score FROM found
        WHERE after_id IS NULL OR (found_score, found_id) < (after_score, after_id)
        ORDER BY found_score DESC, found_id DESC LIMIT size
    )
    SELECT page.found_id, page.found_score, counted.n
    FROM (SELECT count(*) AS n FROM found) counted LEFT JOIN page ON true
    ORDER BY page.found_score DESC, page.found_id DESC;
END
$$;

REVOKE EXECUTE ON FUNCTION search_tasks, search_tasks_nearly FROM PUBLIC;
GRANT EXECUTE ON FUNCTION search_tasks, search_tasks_nearly TO tickler_api;

-- Typos are forgiven where pg_trgm can be had, at a cost that does not grow with
-- the table where btree_gin can be too. The user's id is indexed as text so that
-- no other index competes.
DO $$
BEGIN
    CREATE EXTENSION IF NOT EXISTS pg_trgm;
    CREATE EXTENSION IF NOT EXISTS btree_gin;
    CREATE INDEX idx_tasks_trigrams ON tasks USING gin ((user_id::text), title gin_trgm_ops)
        WITH (gin_pending_list_limit = 512) WHERE deleted_at IS NULL;
EXCEPTION WHEN OTHERS THEN
    RAISE NOTICE 'search will forgive typos slowly, or not: %', SQLERRM;
END
$$;
-- +goose StatementEnd

-- +goose Down
-- The extensions stay: they may have been there before.
DROP FUNCTION search_tasks, search_tasks_nearly;
DROP INDEX IF EXISTS idx_tasks_trigrams;
ALTER TABLE tasks DROP COLUMN search_vector;
DROP FUNCTION task_words, owned_words, task_lexemes;
