-- +goose Up
-- A word that some write with a hyphen and others without is found by either: e-mail and
-- email, Wi-Fi and wifi.

-- The words with hyphens in a text, without them. NULL: it has none.
-- +goose StatementBegin
CREATE FUNCTION join_words(given text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN CASE WHEN given ~ '[[:alpha:]][-\u2010\u2011][[:alpha:]]' THEN array_to_string(ARRAY(
        SELECT translate(part[1], U&'-\2010\2011', '')
        FROM regexp_matches(given, '[[:alpha:]]+(?:[-\u2010\u2011][[:alpha:]]+)+', 'g') part), ' ') END;
END $$;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION join_words FROM PUBLIC;
GRANT EXECUTE ON FUNCTION join_words TO tickler_api, tickler_recurrer; -- they write tasks

-- As in 00111_search_words.sql, with these.
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION search_parts(given text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN CASE WHEN given ~ '[^ -~\n]|[a-z][A-Z]|[#+]|\.net|\.NET|[[:alpha:]]-[[:alpha:]]' THEN nullif(concat_ws(' ',
        public.search_words(public.spell_out_letters(given)),
        public.search_words(public.join_words(given)),
        CASE WHEN given ~ '[[:lower:]][[:upper:]]' THEN public.search_words(array_to_string(ARRAY(
            SELECT regexp_replace(part[1], '([[:lower:]])([[:upper:]])', '\1 \2', 'g')
            FROM regexp_matches(given, '[[:alnum:]]*[[:lower:]][[:upper:]][[:alnum:]]*', 'g') part), ' ')) END,
        CASE WHEN given ~ '[#+]' THEN public.search_words(array_to_string(ARRAY(
            SELECT part[1] FROM regexp_matches(given, '([[:alnum:]]+)(?:\+\+|#(?![[:alnum:]]))', 'g') part), ' ')) END,
        CASE WHEN given ~* '\.net\M' THEN 'net' END,
        CASE WHEN given ~ '[\u0e00-\uffff\U00020000-\U0003ffff]' THEN array_to_string(ARRAY(
            SELECT right(part[1], 1)
            FROM regexp_matches(public.fold_letters(given), '[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff]{2,}', 'g') part), ' ') END
    ), '') END;
END $$;
-- +goose StatementEnd

-- Computes the columns of what has such words.
UPDATE tasks SET title = title WHERE concat_ws(' ', title, description, said::text) ~ '[[:alpha:]][-\u2010\u2011][[:alpha:]]';
UPDATE categories SET name = name WHERE name ~ '[[:alpha:]][-\u2010\u2011][[:alpha:]]';
UPDATE tags SET name = name WHERE name ~ '[[:alpha:]][-\u2010\u2011][[:alpha:]]';

-- +goose Down
-- +goose StatementBegin
CREATE OR REPLACE FUNCTION search_parts(given text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN CASE WHEN given ~ '[^ -~\n]|[a-z][A-Z]|[#+]|\.net|\.NET' THEN nullif(concat_ws(' ',
        public.search_words(public.spell_out_letters(given)),
        CASE WHEN given ~ '[[:lower:]][[:upper:]]' THEN public.search_words(array_to_string(ARRAY(
            SELECT regexp_replace(part[1], '([[:lower:]])([[:upper:]])', '\1 \2', 'g')
            FROM regexp_matches(given, '[[:alnum:]]*[[:lower:]][[:upper:]][[:alnum:]]*', 'g') part), ' ')) END,
        CASE WHEN given ~ '[#+]' THEN public.search_words(array_to_string(ARRAY(
            SELECT part[1] FROM regexp_matches(given, '([[:alnum:]]+)(?:\+\+|#(?![[:alnum:]]))', 'g') part), ' ')) END,
        CASE WHEN given ~* '\.net\M' THEN 'net' END,
        CASE WHEN given ~ '[\u0e00-\uffff\U00020000-\U0003ffff]' THEN array_to_string(ARRAY(
            SELECT right(part[1], 1)
            FROM regexp_matches(public.fold_letters(given), '[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3005-\ud7ff\uf900-\ufaff\U00020000-\U0003ffff]{2,}', 'g') part), ' ') END
    ), '') END;
END $$;
-- +goose StatementEnd
DROP FUNCTION join_words;
UPDATE tasks SET title = title WHERE concat_ws(' ', title, description, said::text) ~ '[[:alpha:]][-\u2010\u2011][[:alpha:]]';
UPDATE categories SET name = name WHERE name ~ '[[:alpha:]][-\u2010\u2011][[:alpha:]]';
UPDATE tags SET name = name WHERE name ~ '[[:alpha:]][-\u2010\u2011][[:alpha:]]';
