-- +goose Up
-- Clients that a person connects by pasting this server's address: OAuth 2.1.

-- A connection is a token without a secret of its own: those that its client is
-- given, and exchanges for new ones, are in oauth_tokens. Revoking it ends them all.
ALTER TABLE tokens ALTER COLUMN hash DROP NOT NULL;
ALTER TABLE tokens ADD COLUMN client_id text; -- of the client, as it names itself; NULL: a personal token
ALTER TABLE tokens ADD COLUMN leads_to text; -- the host or scheme that its person was sent back to
ALTER TABLE tokens ADD COLUMN resource text NOT NULL DEFAULT ''; -- the path that its tokens open; '' opens all
ALTER TABLE tokens ADD CHECK ((hash IS NULL) = (client_id IS NOT NULL));
GRANT SELECT (client_id, leads_to, resource), INSERT (client_id, leads_to, resource), UPDATE (expires_at) ON tokens TO tickler_api;

-- Tokens of connections. A refresh token is used once, and kept for a while to notice
-- that somebody uses it again.
CREATE TABLE oauth_tokens (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id    bigint      NOT NULL REFERENCES users ON DELETE CASCADE,
    token_id   bigint      NOT NULL REFERENCES tokens ON DELETE CASCADE, -- the connection
    kind       text        NOT NULL CHECK (kind IN ('access', 'refresh')),
    hash       bytea       NOT NULL UNIQUE, -- SHA-256 of the whole token
    scopes     text[]      NOT NULL, -- of an access token; of a refresh token those it can ask for
    expires_at timestamptz NOT NULL,
    used_at    timestamptz, -- when a refresh token was exchanged
    salt       bytea, -- what its successors were derived from, beside the token itself
    successor  text[] -- scopes of the access token that it was exchanged for
);
CREATE INDEX idx_oauth_tokens_user ON oauth_tokens (user_id);
CREATE INDEX idx_oauth_tokens_token ON oauth_tokens (token_id);
CREATE INDEX idx_oauth_tokens_expired ON oauth_tokens (expires_at);
ALTER TABLE oauth_tokens ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON oauth_tokens TO tickler_api, tickler_recurrer USING (user_id = (SELECT caller_id()));
CREATE POLICY expired ON oauth_tokens TO tickler_notifier USING (expires_at <= now());
-- No app can read a hash; check_token and find_oauth_token compare it.
GRANT SELECT (id, user_id, token_id, kind, scopes, expires_at, used_at, salt, successor),
    INSERT (user_id, token_id, kind, hash, scopes, expires_at), UPDATE (expires_at, used_at, salt, successor) ON oauth_tokens TO tickler_api;
GRANT SELECT (id, expires_at), DELETE ON oauth_tokens TO tickler_notifier;

-- What a person agreed to, until the client exchanges the code for tokens. A code that
-- was exchanged is kept to notice that somebody sends it again.
CREATE TABLE oauth_codes (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id     bigint      NOT NULL REFERENCES users ON DELETE CASCADE,
    hash        bytea       NOT NULL UNIQUE, -- SHA-256 of the code
    client_id   text        NOT NULL,
    client_name text        NOT NULL,
    redirect    text        NOT NULL,
    challenge   text        NOT NULL, -- S256, RFC 7636
    resource    text        NOT NULL,
    scopes      text[]      NOT NULL,
    attempt     bytea       NOT NULL, -- key of the attempt
    expires_at  timestamptz NOT NULL DEFAULT now() + interval '60 seconds',
    token_id    bigint      REFERENCES tokens ON DELETE CASCADE -- the connection that it was exchanged for
);
CREATE INDEX idx_oauth_codes_user ON oauth_codes (user_id);
CREATE INDEX idx_oauth_codes_expired ON oauth_codes (expires_at);
ALTER TABLE oauth_codes ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON oauth_codes TO tickler_api, tickler_recurrer USING (user_id = (SELECT caller_id()));
CREATE POLICY expired ON oauth_codes TO tickler_notifier USING (expires_at <= now());
GRANT SELECT (id, user_id, client_id, client_name, redirect, challenge, resource, scopes, attempt, expires_at, token_id),
    INSERT (user_id, hash, client_id, client_name, redirect, challenge, resource, scopes, attempt), UPDATE (token_id) ON oauth_codes TO tickler_api;
GRANT SELECT (id, expires_at), DELETE ON oauth_codes TO tickler_notifier;

-- How attempts to connect went, for their person to see where one stopped.
CREATE TABLE oauth_attempts (
    id        bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    user_id   bigint      NOT NULL REFERENCES users ON DELETE CASCADE,
    key       bytea       NOT NULL, -- SHA-256 of what the client asked
    client    text        NOT NULL, -- name or id, as far as it was known
    step      text        NOT NULL CHECK (step IN ('request', 'consent', 'declined', 'code', 'token', 'connected')),
    problem   text        NOT NULL DEFAULT '',
    at        timestamptz NOT NULL DEFAULT now(),
    UNIQUE (user_id, key)
);
CREATE INDEX idx_oauth_attempts_at ON oauth_attempts (at);
ALTER TABLE oauth_attempts ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON oauth_attempts TO tickler_api, tickler_recurrer USING (user_id = (SELECT caller_id()));
CREATE POLICY old ON oauth_attempts TO tickler_notifier USING (at < now() - kept_for('oauth_attempts'));
GRANT SELECT, INSERT (user_id, key, client, step, problem), UPDATE (client, step, problem, at), DELETE ON oauth_attempts TO tickler_api;
GRANT SELECT (id, at), DELETE ON oauth_attempts TO tickler_notifier;

-- Clients that registered themselves. They are nobody's: anybody may register one.
CREATE TABLE oauth_clients (
    id         text        PRIMARY KEY,
    name       text        NOT NULL,
    redirects  text[]      NOT NULL,
    created_at timestamptz NOT NULL DEFAULT now(),
    used_at    timestamptz -- when a connection with it was made or last refreshed, to the day; NULL: none was made
);
CREATE INDEX idx_oauth_clients_unused ON oauth_clients (created_at) WHERE used_at IS NULL;
ALTER TABLE oauth_clients ENABLE ROW LEVEL SECURITY;
CREATE INDEX idx_oauth_clients_used ON oauth_clients (used_at) WHERE used_at IS NOT NULL;
CREATE POLICY unused ON oauth_clients TO tickler_notifier
    USING (used_at IS NULL AND created_at < now() - kept_for('oauth_clients') OR used_at < now() - kept_for('oauth_clients, connected'));
GRANT SELECT (id, created_at, used_at), DELETE ON oauth_clients TO tickler_notifier;

CREATE OR REPLACE FUNCTION kept_for(what text) RETURNS interval
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE what
        WHEN 'tasks' THEN interval '30 days' -- deleted tasks
        WHEN 'deliveries' THEN interval '30 days'
        WHEN 'journal' THEN interval '90 days'
        WHEN 'oauth_attempts' THEN interval '30 days'
        WHEN 'oauth_clients' THEN interval '1 day' -- that nobody connected
        WHEN 'oauth_clients, connected' THEN interval '91 days' -- from their last use
    END;

-- A token is personal, or was given to the client of a connection.
DROP FUNCTION check_token;
-- +goose StatementBegin
CREATE FUNCTION check_token(given bytea)
    RETURNS TABLE (id bigint, user_id bigint, name text, prefix text, scopes text[], expires_at timestamptz, client_id text, resource text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    BEGIN ATOMIC
        SELECT t.id, t.user_id, t.name, t.prefix, t.scopes, t.expires_at, t.client_id, t.resource FROM tokens t
        WHERE t.hash = given AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now())
        UNION ALL
        SELECT t.id, t.user_id, t.name, t.prefix, o.scopes, o.expires_at, t.client_id, t.resource FROM oauth_tokens o JOIN tokens t ON t.id = o.token_id
        WHERE o.hash = given AND o.kind = 'access' AND o.expires_at > now() AND t.revoked_at IS NULL;
    END;
-- +goose StatementEnd
-- Where a token of a connection is kept, and whose it is.
-- +goose StatementBegin
CREATE FUNCTION find_oauth_token(given bytea) RETURNS TABLE (id bigint, user_id bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    BEGIN ATOMIC
        SELECT o.id, o.user_id FROM oauth_tokens o WHERE o.hash = given;
    END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION find_oauth_code(given bytea) RETURNS TABLE (id bigint, user_id bigint)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    BEGIN ATOMIC
        SELECT c.id, c.user_id FROM oauth_codes c WHERE c.hash = given;
    END;
-- +goose StatementEnd
-- Stores a client that registers, unless most that nobody has connected yet are there
-- and the oldest of them is young, too. Otherwise that one goes.
-- +goose StatementBegin
CREATE FUNCTION register_oauth_client(client_id text, client_name text, leads_to text[], most integer, young interval) RETURNS boolean
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    BEGIN ATOMIC
        DELETE FROM oauth_clients c WHERE c.id IN (
            SELECT o.id FROM oauth_clients o WHERE o.used_at IS NULL AND o.created_at < now() - young ORDER BY o.created_at
            LIMIT greatest(0, 1 + (SELECT count(*) FROM oauth_clients u WHERE u.used_at IS NULL) - most));
        INSERT INTO oauth_clients (id, name, redirects)
        SELECT client_id, client_name, leads_to WHERE most > (SELECT count(*) FROM oauth_clients u WHERE u.used_at IS NULL)
        RETURNING true;
    END;
-- +goose StatementEnd
-- +goose StatementBegin
CREATE FUNCTION find_oauth_client(given text) RETURNS TABLE (name text, redirects text[])
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    BEGIN ATOMIC
        SELECT c.name, c.redirects FROM oauth_clients c WHERE c.id = given;
    END;
-- +goose StatementEnd
-- A client is kept for as long as somebody uses it. Connections are refreshed each hour
-- of use; noting the day is enough, and spares a client of many people from waiting.
-- +goose StatementBegin
CREATE FUNCTION keep_oauth_client(given text) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    BEGIN ATOMIC
        UPDATE oauth_clients c SET used_at = now() WHERE c.id = given AND (c.used_at IS NULL OR c.used_at < now() - interval '1 day');
    END;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION check_token, find_oauth_token, find_oauth_code, register_oauth_client, find_oauth_client, keep_oauth_client FROM PUBLIC;
GRANT EXECUTE ON FUNCTION check_token, find_oauth_token, find_oauth_code, register_oauth_client, find_oauth_client, keep_oauth_client TO tickler_api;

-- +goose Down
DROP FUNCTION check_token, find_oauth_token, find_oauth_code, register_oauth_client, find_oauth_client, keep_oauth_client;
DROP TABLE oauth_clients, oauth_attempts, oauth_codes, oauth_tokens;
CREATE OR REPLACE FUNCTION kept_for(what text) RETURNS interval
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE what
        WHEN 'tasks' THEN interval '30 days' -- deleted tasks
        WHEN 'deliveries' THEN interval '30 days'
        WHEN 'journal' THEN interval '90 days'
    END;
DELETE FROM tokens WHERE client_id IS NOT NULL;
ALTER TABLE tokens DROP COLUMN client_id, DROP COLUMN leads_to, DROP COLUMN resource;
ALTER TABLE tokens ALTER COLUMN hash SET NOT NULL;
REVOKE UPDATE (expires_at) ON tokens FROM tickler_api;
-- +goose StatementBegin
CREATE FUNCTION check_token(given bytea)
    RETURNS TABLE (id bigint, user_id bigint, name text, prefix text, scopes text[], expires_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    BEGIN ATOMIC
        SELECT t.id, t.user_id, t.name, t.prefix, t.scopes, t.expires_at FROM tokens t
        WHERE t.hash = given AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > now());
    END;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION check_token FROM PUBLIC;
GRANT EXECUTE ON FUNCTION check_token TO tickler_api;
