-- +goose Up
-- How a person comes to the page: sessions of their browsers, and what leads to one.

-- Signed-in browsers. Ending a session deletes its row.
CREATE TABLE web_sessions (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id      bigint      NOT NULL REFERENCES users ON DELETE CASCADE,
    hash         bytea       NOT NULL UNIQUE, -- SHA-256 of the secret in the cookie
    browser      text        NOT NULL, -- as people know it, for example Firefox on Linux
    address      text        NOT NULL, -- from which it signed in
    method       text        NOT NULL, -- link, passkey, or the issuer
    created_at   timestamptz NOT NULL DEFAULT now(),
    last_used_at timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz NOT NULL
);
CREATE INDEX idx_web_sessions_user ON web_sessions (user_id);
CREATE INDEX idx_web_sessions_expired ON web_sessions (expires_at);
ALTER TABLE web_sessions ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON web_sessions TO tickler_api, tickler_recurrer USING (user_id = (SELECT caller_id()));
CREATE POLICY expired ON web_sessions TO tickler_notifier USING (expires_at <= now());
-- No app can read a hash; check_web_session compares it.
GRANT SELECT (id, user_id, browser, address, method, created_at, last_used_at, expires_at),
    INSERT (user_id, hash, browser, address, method, expires_at), DELETE ON web_sessions TO tickler_api;
GRANT SELECT (id, expires_at), DELETE ON web_sessions TO tickler_notifier;

-- Whether links that sign in may be mailed to the channel. Only the page sets it: an
-- agent that may add a channel must not be able to sign in.
ALTER TABLE channels ADD COLUMN signs_in boolean NOT NULL DEFAULT false;
ALTER TABLE channels ADD CHECK (NOT signs_in OR (kind = 'email' AND confirmed));
ALTER TABLE deliveries DROP CONSTRAINT deliveries_kind_check;
ALTER TABLE deliveries ADD CONSTRAINT deliveries_kind_check CHECK (kind IN ('reminder', 'test', 'notice', 'confirmation', 'sign_in'));

-- Links that sign a person in, once.
CREATE TABLE sign_in_links (
    hash       bytea       PRIMARY KEY, -- SHA-256 of the secret in the link
    user_id    bigint      NOT NULL REFERENCES users ON DELETE CASCADE,
    expires_at timestamptz NOT NULL DEFAULT now() + interval '15 minutes'
);
CREATE INDEX idx_sign_in_links_user ON sign_in_links (user_id);
CREATE INDEX idx_sign_in_links_expired ON sign_in_links (expires_at);
ALTER TABLE sign_in_links ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON sign_in_links TO tickler_api, tickler_recurrer USING (user_id = (SELECT caller_id()));
CREATE POLICY expired ON sign_in_links FOR SELECT TO tickler_notifier USING (expires_at <= now());
CREATE POLICY prune ON sign_in_links FOR DELETE TO tickler_notifier USING (expires_at <= now());
CREATE POLICY mail ON sign_in_links FOR INSERT TO tickler_notifier WITH CHECK (
    EXISTS (SELECT FROM channels c WHERE c.user_id = sign_in_links.user_id AND c.kind = 'email' AND c.confirmed AND c.signs_in));
GRANT SELECT (user_id, expires_at), INSERT (hash, user_id), DELETE ON sign_in_links TO tickler_api;
GRANT SELECT (hash, expires_at), INSERT (hash, user_id), DELETE ON sign_in_links TO tickler_notifier;

CREATE TABLE passkeys (
    id            bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id       bigint      NOT NULL REFERENCES users ON DELETE CASCADE,
    credential_id bytea       NOT NULL UNIQUE,
    handle        bytea       NOT NULL, -- what authenticators know the user by: random, the same for all of a user's
    credential    json        NOT NULL, -- as the library keeps it: public key, sign count, flags
    name          text        NOT NULL,
    created_at    timestamptz NOT NULL DEFAULT now(),
    last_used_at  timestamptz
);
CREATE INDEX idx_passkeys_user ON passkeys (user_id);
ALTER TABLE passkeys ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON passkeys TO tickler_api, tickler_recurrer USING (user_id = (SELECT caller_id()));
GRANT SELECT, INSERT (user_id, credential_id, handle, credential, name), UPDATE (credential, name, last_used_at), DELETE ON passkeys TO tickler_api;

-- What is remembered between two steps of a browser that is not signed in: the
-- challenge of a passkey, the way to an issuer and back, a form to be sent again.
CREATE TABLE sign_in_steps (
    hash       bytea       PRIMARY KEY, -- SHA-256 of the secret in the browser's cookie
    kind       text        NOT NULL CHECK (kind IN ('passkey', 'issuer', 'form')),
    state      text        NOT NULL CHECK (octet_length(state) <= 131072),
    expires_at timestamptz NOT NULL
);
CREATE INDEX idx_sign_in_steps_expired ON sign_in_steps (expires_at);
ALTER TABLE sign_in_steps ENABLE ROW LEVEL SECURITY;
CREATE POLICY expired ON sign_in_steps TO tickler_notifier USING (expires_at <= now());
GRANT SELECT (hash, expires_at), DELETE ON sign_in_steps TO tickler_notifier;

-- A caller is unknown until their secret is found, so these look it up with the
-- rights of the schema's owner, and return no more than is asked.
-- +goose StatementBegin
CREATE FUNCTION check_web_session(given bytea)
    RETURNS TABLE (id bigint, user_id bigint, browser text, expires_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    BEGIN ATOMIC
        SELECT s.id, s.user_id, s.browser, s.expires_at FROM web_sessions s WHERE s.hash = given AND s.expires_at > now();
    END;
-- +goose StatementEnd
-- Which of some sessions still last, for responses that go on after they were checked.
-- +goose StatementBegin
CREATE FUNCTION check_held_sessions(sessions bigint[]) RETURNS TABLE (id bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    BEGIN ATOMIC
        SELECT s.id FROM web_sessions s WHERE s.id = ANY (sessions) AND s.expires_at > now();
    END;
-- +goose StatementEnd
-- A session lasts for some time from its last use.
-- +goose StatementBegin
CREATE FUNCTION note_web_session_use(sessions bigint[], instants timestamptz[], lasts interval) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    BEGIN ATOMIC
        UPDATE web_sessions s SET last_used_at = greatest(s.last_used_at, used.at), expires_at = greatest(s.expires_at, used.at + lasts)
        FROM unnest($1, $2) AS used (id, at) WHERE s.id = used.id AND s.expires_at > now();
    END;
-- +goose StatementEnd
-- The name of the person whom a link signs in, or NULL.
-- +goose StatementBegin
CREATE FUNCTION find_sign_in_link(given bytea) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    BEGIN ATOMIC
        SELECT u.subject FROM sign_in_links l JOIN users u ON u.id = l.user_id WHERE l.hash = given AND l.expires_at > now();
    END;
-- +goose StatementEnd
-- Takes a link, which nobody can take again, and returns whom it signs in, or NULL.
-- +goose StatementBegin
CREATE FUNCTION take_sign_in_link(given bytea) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    BEGIN ATOMIC
        DELETE FROM sign_in_links l WHERE l.hash = given AND l.expires_at > now() RETURNING l.user_id;
    END;
-- +goose StatementEnd
-- Queues a mail with such a link to an address, if somebody signs in there. It
-- returns nothing, so that nobody learns whether somebody does. A channel is sent at
-- most most of them within a day, and another one only after a pause.
-- +goose StatementBegin
CREATE FUNCTION mail_sign_in_link(address text, content json, most integer, pause interval) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    BEGIN ATOMIC
        WITH asked AS (
            SELECT c.id, c.user_id, c.target FROM channels c
            WHERE c.kind = 'email' AND c.signs_in AND c.confirmed AND c.enabled AND lower(c.target) = lower(address)
              AND NOT EXISTS (SELECT FROM deliveries d WHERE d.channel_id = c.id AND d.kind = 'sign_in' AND d.created_at > now() - pause)
              AND most > (SELECT count(*) FROM deliveries d WHERE d.channel_id = c.id AND d.kind = 'sign_in' AND d.created_at > now() - interval '24 hours')
            FOR NO KEY UPDATE
        ), written AS (
            INSERT INTO deliveries (user_id, channel_id, target, event_id, kind, content, next_attempt_at, created_at)
            SELECT user_id, id, target, gen_random_uuid(), 'sign_in', content, now(), now() FROM asked
            RETURNING channel_id
        )
        UPDATE channels c SET next_attempt_at = least(c.next_attempt_at, greatest(c.rest_until, now()))
        FROM written WHERE c.id = written.channel_id;
    END;
-- +goose StatementEnd
-- The passkey with an id that an authenticator told, whoever's it is.
-- +goose StatementBegin
CREATE FUNCTION find_passkey(given bytea) RETURNS TABLE (id bigint, user_id bigint, handle bytea, credential text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    BEGIN ATOMIC
        SELECT p.id, p.user_id, p.handle, p.credential::text FROM passkeys p WHERE p.credential_id = given;
    END;
-- +goose StatementEnd
-- Remembers a step, unless there are most of its kind already: anybody may begin one.
-- +goose StatementBegin
CREATE FUNCTION begin_sign_in_step(given bytea, what text, state text, lasts interval, most integer) RETURNS boolean
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    BEGIN ATOMIC
        DELETE FROM sign_in_steps s WHERE s.hash IN (SELECT e.hash FROM sign_in_steps e WHERE e.expires_at <= now() ORDER BY e.expires_at LIMIT 10);
        INSERT INTO sign_in_steps (hash, kind, state, expires_at)
        SELECT given, what, begin_sign_in_step.state, now() + lasts
        WHERE most > (SELECT count(*) FROM (SELECT FROM sign_in_steps s WHERE s.kind = what LIMIT most) waiting)
        RETURNING true;
    END;
-- +goose StatementEnd
-- What was remembered of a step, or NULL.
-- +goose StatementBegin
CREATE FUNCTION find_sign_in_step(given bytea, what text) RETURNS text
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    BEGIN ATOMIC
        SELECT s.state FROM sign_in_steps s WHERE s.hash = given AND s.kind = what AND s.expires_at > now();
    END;
-- +goose StatementEnd
-- Takes a step, which nobody can take again, or returns NULL.
-- +goose StatementBegin
CREATE FUNCTION take_sign_in_step(given bytea, what text) RETURNS text
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    BEGIN ATOMIC
        DELETE FROM sign_in_steps s WHERE s.hash = given AND s.kind = what AND s.expires_at > now() RETURNING s.state;
    END;
-- +goose StatementEnd
-- Everybody who is known here, for the operator's list.
-- +goose StatementBegin
CREATE FUNCTION list_users(after bigint, size integer)
    RETURNS TABLE (id bigint, issuer text, subject text, time_zone text, created_at timestamptz, tokens bigint, passkeys bigint, browsers bigint, last_used_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    BEGIN ATOMIC
        SELECT u.id, u.issuer, u.subject, u.time_zone, u.created_at,
               (SELECT count(*) FROM tokens t WHERE t.user_id = u.id AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())),
               (SELECT count(*) FROM passkeys p WHERE p.user_id = u.id),
               (SELECT count(*) FROM web_sessions s WHERE s.user_id = u.id AND s.expires_at > now()),
               greatest((SELECT max(t.last_used_at) FROM tokens t WHERE t.user_id = u.id), (SELECT max(s.last_used_at) FROM web_sessions s WHERE s.user_id = u.id))
        FROM users u WHERE current_setting('tickler.admin', true) = 'on' AND u.id > after ORDER BY u.id LIMIT size;
    END;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION check_web_session, check_held_sessions, note_web_session_use, find_sign_in_link, take_sign_in_link, mail_sign_in_link,
    find_passkey, begin_sign_in_step, find_sign_in_step, take_sign_in_step, list_users FROM PUBLIC;
GRANT EXECUTE ON FUNCTION check_web_session, check_held_sessions, note_web_session_use, find_sign_in_link, take_sign_in_link, mail_sign_in_link,
    find_passkey, begin_sign_in_step, find_sign_in_step, take_sign_in_step, list_users TO tickler_api;

-- +goose Down
DROP FUNCTION list_users, take_sign_in_step, find_sign_in_step, begin_sign_in_step, find_passkey, mail_sign_in_link, take_sign_in_link, find_sign_in_link,
    note_web_session_use, check_held_sessions, check_web_session;
DELETE FROM deliveries WHERE kind = 'sign_in';
ALTER TABLE deliveries DROP CONSTRAINT deliveries_kind_check;
ALTER TABLE deliveries ADD CONSTRAINT deliveries_kind_check CHECK (kind IN ('reminder', 'test', 'notice', 'confirmation'));
DROP TABLE sign_in_steps, passkeys, sign_in_links, web_sessions;
ALTER TABLE channels DROP COLUMN signs_in;
