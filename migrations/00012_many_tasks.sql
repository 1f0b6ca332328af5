-- +goose Up
-- Lists and searches of a user with many tasks, without reading them all.
-- docs/decisions/0008-search.md

-- What lists filter by stands in the index too, so that counting reads no rows.
-- (due_date by itself, because Postgres does not see it in the expression.)
DROP INDEX idx_tasks_due;
CREATE INDEX idx_tasks_due ON tasks (user_id, coalesce(due_date, 'infinity'), id)
    INCLUDE (due_date, priority, completed, category_id) WHERE deleted_at IS NULL;
DROP INDEX idx_tasks_open;
CREATE INDEX idx_tasks_open ON tasks (user_id, coalesce(due_date, 'infinity'), id)
    INCLUDE (due_date, priority, category_id) WHERE deleted_at IS NULL AND NOT completed;
-- As before, but where many tasks match, ranking them all would take long and
-- tell little: then the user's tasks are taken a window at a time, the newest
-- first, and ranked within it, and the total is an estimate. below is the end of
-- the window, for the next page to go on from; NULL where all were ranked.
DROP FUNCTION search_tasks;
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
-- +goose StatementEnd

-- As before, but no more than a thousand titles are looked at for a word.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION search_tasks_nearly(of_user bigint, alternatives integer[], queries tsquery[], near text[], filter tsquery, priorities task_priority[], after_score float8, after_id bigint, size integer)
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
-- +goose StatementEnd

-- +goose Down
DROP INDEX idx_tasks_due;
CREATE INDEX idx_tasks_due ON tasks (user_id, coalesce(due_date, 'infinity'), id) WHERE deleted_at IS NULL;
DROP INDEX idx_tasks_open;
CREATE INDEX idx_tasks_open ON tasks (user_id, coalesce(due_date, 'infinity'), id) WHERE deleted_at IS NULL AND NOT completed;
DROP FUNCTION search_tasks;
-- +goose StatementBegin
CREATE FUNCTION search_tasks(of_user bigint, query tsquery, words tsquery, priorities task_priority[], after_score float8, after_id bigint, size integer)
    RETURNS TABLE (id bigint, score float8, total bigint)
    LANGUAGE plpgsql STABLE SECURITY DEFINER
    SET search_path = pg_catalog, public, pg_temp
    SET enable_seqscan = off
AS $$
BEGIN
    IF of_user IS DISTINCT FROM nullif(current_setting('tickler.user_id', true), '')::bigint THEN
        RAISE EXCEPTION 'search_tasks: the transaction does not work for user %', of_user USING ERRCODE = 'insufficient_privilege';
    END IF;
    RETURN QUERY
    WITH found AS MATERIALIZED (
        SELECT t.id AS found_id, ts_rank('{0.005, 0.01, 0.05, 1.0}', t.search_vector, words)::float8 AS found_score
        FROM tasks t
        WHERE t.search_vector @@ (format($q$'%s  user %s'$q$, of_user, of_user)::tsquery && query)
          AND t.user_id + 0 = of_user AND t.deleted_at IS NULL
          AND (priorities IS NULL OR t.priority = ANY (priorities))
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
-- +goose StatementEnd
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION search_tasks_nearly(of_user bigint, alternatives integer[], queries tsquery[], near text[], filter tsquery, priorities task_priority[], after_score float8, after_id bigint, size integer)
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
        FROM terms JOIN tasks t ON terms.word <% t.title AND t.user_id::text = of_user::text AND t.deleted_at IS NULL
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
-- +goose StatementEnd
