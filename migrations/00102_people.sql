-- +goose Up
CREATE TABLE users (
    id               bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    issuer           text        NOT NULL,
    subject          text        NOT NULL,
    time_zone        text        NOT NULL,
    reminder_offsets integer[]   NOT NULL, -- minutes before due
    quiet_hours      text, -- for example 22:00-07:00 except urgent
    all_day_time     integer     NOT NULL CHECK (all_day_time BETWEEN 0 AND 1439), -- the minute of the day at which whole days remind
    created_at       timestamptz NOT NULL DEFAULT now(),
    UNIQUE (issuer, subject)
);
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON users TO tickler_api, tickler_recurrer USING (id = (SELECT caller_id()));
CREATE POLICY settings ON users FOR SELECT TO tickler_notifier USING (true);
GRANT SELECT, UPDATE (time_zone, reminder_offsets, quiet_hours, all_day_time) ON users TO tickler_api;
GRANT SELECT (id, time_zone, reminder_offsets, all_day_time) ON users TO tickler_recurrer;
GRANT SELECT (id, time_zone, quiet_hours) ON users TO tickler_notifier;

CREATE TABLE tokens (
    id           bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id      bigint      NOT NULL REFERENCES users ON DELETE CASCADE,
    name         text        NOT NULL DEFAULT '',
    prefix       text        NOT NULL, -- its first characters, for recognition
    hash         bytea       NOT NULL UNIQUE, -- SHA-256 of the whole token
    scopes       text[]      NOT NULL DEFAULT '{tasks:read,tasks:write}',
    created_at   timestamptz NOT NULL DEFAULT now(),
    expires_at   timestamptz,
    last_used_at timestamptz,
    revoked_at   timestamptz
);
CREATE INDEX idx_tokens_user ON tokens (user_id);
ALTER TABLE tokens ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON tokens TO tickler_api, tickler_recurrer USING (user_id = (SELECT caller_id()));
-- No app can read a hash; check_token compares it.
GRANT SELECT (id, user_id, name, prefix, scopes, created_at, expires_at, last_used_at, revoked_at),
    INSERT (user_id, name, prefix, hash, scopes, expires_at), UPDATE (revoked_at) ON tokens TO tickler_api;

-- A caller is unknown until the token is found, so these look it up with the rights
-- of the schema's owner, and return no more than is asked.
-- +goose StatementBegin
CREATE FUNCTION check_token(given bytea)
    RETURNS TABLE (id bigint, user_id bigint, name text, prefix text, scopes text[], expires_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    BEGIN ATOMIC
        SELECT t.id, t.user_id, t.name, t.prefix, t.scopes, t.expires_at FROM tokens t
        WHERE t.hash = given AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now());
    END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION note_token_use(tokens bigint[], instants timestamptz[]) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    BEGIN ATOMIC
        UPDATE tokens t SET last_used_at = greatest(t.last_used_at, used.at)
        FROM unnest($1, $2) AS used (id, at) WHERE t.id = used.id;
    END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION find_user(of_issuer text, named text) RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    BEGIN ATOMIC
        SELECT u.id FROM users u WHERE u.issuer = of_issuer AND u.subject = named;
    END;
-- +goose StatementEnd
-- Adds a user unless one has that name, and returns the id. An existing user is not
-- changed.
-- +goose StatementBegin
CREATE FUNCTION provision_user(of_issuer text, named text, zone text, offsets integer[], day_time integer) RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    BEGIN ATOMIC
        INSERT INTO users (issuer, subject, time_zone, reminder_offsets, all_day_time)
        SELECT of_issuer, named, zone, offsets, day_time
        WHERE NOT EXISTS (SELECT FROM users u WHERE u.issuer = of_issuer AND u.subject = named) -- so that no id is wasted
        ON CONFLICT (issuer, subject) DO NOTHING;
        SELECT u.id FROM users u WHERE u.issuer = of_issuer AND u.subject = named;
    END;
-- +goose StatementEnd
-- Tells which of some tokens are still valid, with their scopes, and which of some
-- users exist, for responses that continue after their token was checked.
-- +goose StatementBegin
CREATE FUNCTION check_held(tokens bigint[], users bigint[]) RETURNS TABLE (token_id bigint, user_id bigint, scopes text[])
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    BEGIN ATOMIC
        SELECT t.id, t.user_id, t.scopes FROM public.tokens t
        WHERE t.id = ANY (check_held.tokens) AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())
        UNION ALL
        SELECT NULL, u.id, NULL FROM public.users u WHERE u.id = ANY (check_held.users);
    END;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION check_token, check_held, note_token_use, find_user, provision_user FROM PUBLIC;
GRANT EXECUTE ON FUNCTION check_token, check_held, note_token_use, find_user, provision_user TO tickler_api;

-- +goose Down
DROP FUNCTION check_token, check_held, note_token_use, find_user, provision_user;
DROP TABLE tokens, users;
