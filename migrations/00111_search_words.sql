-- +goose Up
-- What counts as a word of a text, for tasks and for queries alike.
-- docs/decisions/0008-search.md

-- Functions that PL/pgSQL runs are planned once a session; SQL would plan them anew in
-- each statement that writes a task, which takes twenty times as long. They name what
-- they call with its schema, since a restored dump runs them without a search path.

-- Folds letters that people write in several ways: accents, cases, full-width and
-- half-width forms, decomposed characters. NFC puts together again what NFKD took
-- apart, except for the marks removed between the two: combining accents, Hebrew and
-- Arabic vowel points, characters that nobody sees, and variants of emoji.
-- +goose StatementBegin
CREATE FUNCTION fold_letters(given text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN CASE WHEN octet_length(given) = char_length(given) THEN lower(given) ELSE translate(
        replace(replace(replace(replace(
            lower(normalize(regexp_replace(normalize(given, NFKD),
                '[\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u0640\u064b-\u065f\u0670\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufe00-\ufe0f\ufeff\u20e3\U0001f3fb-\U0001f3ff\U000e0020-\U000e007f]',
                '', 'g'), NFC)),
            'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe'), 'þ', 'th'),
        'øłđðħıŧŋς', 'olddhitnσ') END;
END $$;
-- +goose StatementEnd

-- The other spelling of letters that have one without accent: Köln, Koeln. NULL: none.
-- +goose StatementBegin
CREATE FUNCTION spell_out_letters(given text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN CASE WHEN octet_length(given) > char_length(given) AND lower(normalize(given, NFC)) ~ '[äöüøå]'
        THEN replace(replace(replace(replace(replace(lower(normalize(given, NFC)), 'ä', 'ae'), 'ö', 'oe'), 'ü', 'ue'), 'ø', 'oe'), 'å', 'aa') END;
END $$;
-- +goose StatementEnd

-- A character of a script that is written without blanks between words (Chinese,
-- Japanese, Thai, Lao, Burmese, Khmer), or of Korean, whose words carry their
-- particles.
CREATE FUNCTION is_unspaced(code integer) RETURNS boolean
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN code >= 3584 AND (code <= 3839 -- Thai, Lao
        OR code BETWEEN 4096 AND 4255 OR code BETWEEN 6016 AND 6143 -- Burmese, Khmer
        OR code BETWEEN 12293 AND 12295 OR code BETWEEN 12353 AND 12538 OR code BETWEEN 12540 AND 12591 -- kana, bopomofo
        OR code BETWEEN 12784 AND 12799 OR code BETWEEN 13312 AND 19903 OR code BETWEEN 19968 AND 40959
        OR code BETWEEN 44032 AND 55215 OR code BETWEEN 63744 AND 64255 OR code BETWEEN 131072 AND 262143);

-- Writes a run of such characters as the pairs in it, so that any part of it is found:
-- 会議室 becomes 会議 議室. A symbol such as an emoji, which is no word to Postgres,
-- becomes one.
-- +goose StatementBegin
CREATE FUNCTION pair_letters(given text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN (
        SELECT string_agg(CASE
            WHEN unspaced AND next THEN ' ' || letter || following || ' '
            WHEN unspaced AND previous THEN ' '
            WHEN unspaced THEN ' ' || letter || ' '
            WHEN code BETWEEN 8352 AND 8399 OR code BETWEEN 8592 AND 10239 OR code BETWEEN 10496 AND 11263 OR code BETWEEN 126976 AND 130047
                THEN ' ux' || to_hex(code) || ' '
            ELSE letter END, '' ORDER BY place)
        FROM (
            SELECT letter, code, place, unspaced, lead(letter) OVER along AS following, lead(unspaced) OVER along AS next, lag(unspaced) OVER along AS previous
            FROM (
                SELECT letter, place, ascii(letter) AS code, public.is_unspaced(ascii(letter)) AS unspaced
                FROM unnest(string_to_array(given, NULL)) WITH ORDINALITY AS each (letter, place)
            ) coded WINDOW along AS (ORDER BY place)
        ) letters);
END $$;
-- +goose StatementEnd

-- The words of a text, separated by blanks: what stands between punctuation, so that
-- file names, addresses and numbers behind a hyphen are found by their parts, and as
-- a whole as a phrase. C++, C# and .NET are words of their own. A run of hundreds of
-- characters is no word, and could be too long for a lexeme.
-- +goose StatementBegin
CREATE FUNCTION search_words(given text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    words text := left(public.fold_letters(given), 20000); -- some characters are folded into many
BEGIN
    words := CASE WHEN words ~ '[#+]|\.net' THEN
        regexp_replace(regexp_replace(replace(words, '++', 'plusplus '), '([[:alnum:]])#(?![[:alnum:]])', '\1sharp ', 'g'), '\.net\M', ' dotnet', 'g')
        ELSE words END;
    words := translate(words, '!"#$%&''()*+,-./:;<=>?@[\]^_`{|}~', repeat(' ', 32));
    words := CASE WHEN words ~ '[\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u20a0-\u2bff\u3005-\ud7ff\uf900-\ufaff\U0001f000-\U0003ffff]'
        THEN public.pair_letters(words) ELSE words END;
    RETURN CASE WHEN char_length(words) < 255 THEN words ELSE regexp_replace(words, '\S{255,}', ' ', 'g') END;
END $$;
-- +goose StatementEnd

-- Words that a text is also found by, beside those of search_words: the other spelling
-- of a letter, the parts of a name in camel case, C and NET of C++ and .NET, and the
-- last characters of what was written as pairs. Most texts have none: NULL.
-- +goose StatementBegin
CREATE FUNCTION search_parts(given text) RETURNS text LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
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

-- The words of a text, stemmed as English and unstemmed for all other languages. The
-- gaps keep a phrase from matching across texts.
-- +goose StatementBegin
CREATE FUNCTION text_words(given text) RETURNS tsvector LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
DECLARE
    gap constant tsvector := $gap$' gap':1$gap$;
    words text := public.search_words(given);
    parts text := public.search_parts(given);
BEGIN
    RETURN to_tsvector('pg_catalog.english', words) || gap || to_tsvector('pg_catalog.simple', words) ||
        CASE WHEN parts IS NULL THEN '' ELSE gap || to_tsvector('pg_catalog.simple', parts) END;
END $$;
-- +goose StatementEnd

CREATE OR REPLACE FUNCTION task_words(user_id bigint, category_id bigint, tag_ids bigint[], title text, description text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN owned_words(user_id, (
        setweight(text_words(title), 'A') || $$' gap':1$$::tsvector || setweight(text_words(description), 'B') ||
        task_lexemes(user_id, category_id, tag_ids))::text)::tsvector;

-- The words of a query as a phrase. The last one may be the beginning of a word; a
-- single letter of a pair always is.
-- +goose StatementBegin
CREATE FUNCTION words_phrase(words text, prefix boolean) RETURNS tsquery LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE AS $$
BEGIN
    RETURN CASE WHEN words = '' THEN '' ELSE to_tsquery('pg_catalog.simple', (
        SELECT string_agg(quote_literal(word) || CASE WHEN prefix AND last OR char_length(word) = 1 AND public.is_unspaced(ascii(word)) THEN ':*' ELSE '' END, ' <-> ' ORDER BY place)
        FROM (
            SELECT word, place, place = max(place) OVER () AS last
            FROM unnest(string_to_array(words, ' ')) WITH ORDINALITY AS each (word, place) WHERE word <> ''
        ) placed)) END;
END $$;
-- +goose StatementEnd

REVOKE EXECUTE ON FUNCTION words_phrase, fold_letters, spell_out_letters, is_unspaced, pair_letters, search_words, search_parts, text_words FROM PUBLIC;
GRANT EXECUTE ON FUNCTION fold_letters, spell_out_letters, is_unspaced, pair_letters, search_words, search_parts, text_words
    TO tickler_api, tickler_recurrer; -- they write tasks
GRANT EXECUTE ON FUNCTION words_phrase TO tickler_api;

ALTER TABLE categories ADD COLUMN words tsvector NOT NULL GENERATED ALWAYS AS (text_words(name)) STORED;
ALTER TABLE tags ADD COLUMN words tsvector NOT NULL GENERATED ALWAYS AS (text_words(name)) STORED;

-- Computes the column of the tasks that exist.
UPDATE tasks SET title = title;

-- Chats and other services that channels can be of.
ALTER TABLE channels DROP CONSTRAINT channels_kind_check,
    ADD CONSTRAINT channels_kind_check CHECK (kind IN ('webhook', 'ntfy', 'email', 'discord', 'slack', 'telegram', 'gotify'));

-- +goose Down
-- What an older build cannot send to goes, with a note in its deliveries.
UPDATE deliveries SET state = 'failed', outcome = 'the channel was removed', finished_at = now()
FROM channels c WHERE c.id = channel_id AND c.kind IN ('discord', 'slack', 'telegram', 'gotify') AND state = 'pending';
DELETE FROM channels WHERE kind IN ('discord', 'slack', 'telegram', 'gotify');
ALTER TABLE channels DROP CONSTRAINT channels_kind_check,
    ADD CONSTRAINT channels_kind_check CHECK (kind IN ('webhook', 'ntfy', 'email'));
ALTER TABLE tags DROP COLUMN words;
ALTER TABLE categories DROP COLUMN words;
CREATE OR REPLACE FUNCTION task_words(user_id bigint, category_id bigint, tag_ids bigint[], title text, description text) RETURNS tsvector
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN owned_words(user_id, (
        setweight(to_tsvector('pg_catalog.english', title), 'A') || $$' gap':1$$::tsvector ||
        setweight(to_tsvector('pg_catalog.simple', title), 'A') || $$' gap':1$$::tsvector ||
        setweight(to_tsvector('pg_catalog.english', regexp_replace(description, '\S{255,}', ' ', 'g')), 'B') || $$' gap':1$$::tsvector ||
        setweight(to_tsvector('pg_catalog.simple', regexp_replace(description, '\S{255,}', ' ', 'g')), 'B') ||
        task_lexemes(user_id, category_id, tag_ids))::text)::tsvector;
DROP FUNCTION words_phrase, text_words, search_parts, search_words, pair_letters, is_unspaced, spell_out_letters, fold_letters;
UPDATE tasks SET title = title;
