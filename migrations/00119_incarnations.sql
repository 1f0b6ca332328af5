-- +goose Up
-- The lives of this database: the first began when its schema was created, each later
-- one when a restore was noticed. Positions of streams are valid within one life. The
-- newest row tells whether this is still the database it was written to: see
-- repository.Origin and docs/decisions/0027-a-restored-database-begins-anew.md.
CREATE TABLE incarnations (
    id                bigint      PRIMARY KEY, -- 0 for the first; then milliseconds since 1970, so that two restores of one backup differ
    system_identifier bigint      NOT NULL,    -- of the server: initdb draws it, and a copy of the files keeps it
    timeline          integer     NOT NULL,    -- of the server's WAL: point-in-time recovery and failover begin another
    transaction       bigint      NOT NULL,    -- that wrote this row, as its xmin says unless pg_restore wrote it again
    begun_at          timestamptz NOT NULL DEFAULT now()
);
GRANT SELECT ON incarnations TO tickler_api, tickler_notifier, tickler_recurrer;

-- The timeline of the server's WAL. It fails on a standby.
CREATE FUNCTION server_timeline() RETURNS integer
    LANGUAGE sql VOLATILE
    RETURN ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::integer;

-- A database that was restored before it had this table is in its second life too.
INSERT INTO incarnations (id, system_identifier, timeline, transaction)
SELECT CASE WHEN EXISTS (SELECT FROM journal) THEN (extract(epoch FROM clock_timestamp()) * 1000)::bigint ELSE 0 END,
       (pg_control_system()).system_identifier, server_timeline(), pg_current_xact_id()::text::bigint;
UPDATE journal SET position = 0 WHERE position > pg_current_xact_id()::text::bigint;

-- Begins a new life after point-in-time recovery or a failover, which keep the files
-- and with them all numbers: only what was committed last may be missing.
-- +goose StatementBegin
CREATE FUNCTION note_timeline() RETURNS bigint
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    BEGIN ATOMIC
        INSERT INTO incarnations (id, system_identifier, timeline, transaction)
        SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint, i.system_identifier, server_timeline(), pg_current_xact_id()::text::bigint
        FROM incarnations i WHERE i.id = (SELECT max(id) FROM incarnations) AND i.timeline <> server_timeline()
        ON CONFLICT DO NOTHING
        RETURNING id;
    END;
-- +goose StatementEnd

-- When a token expired; NULL if it is unknown, was revoked, or is valid.
-- +goose StatementBegin
CREATE FUNCTION token_expired(given bytea) RETURNS timestamptz
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    BEGIN ATOMIC
        SELECT t.expires_at FROM tokens t WHERE t.hash = given AND t.revoked_at IS NULL AND t.expires_at <= now()
        UNION ALL
        SELECT o.expires_at FROM oauth_tokens o JOIN tokens t ON t.id = o.token_id
        WHERE o.hash = given AND o.kind = 'access' AND o.expires_at <= now() AND t.revoked_at IS NULL;
    END;
-- +goose StatementEnd

-- Which of some users are still known here: messages on the bus outlive a person who
-- was deleted.
-- +goose StatementBegin
CREATE FUNCTION known_users(users bigint[]) RETURNS SETOF bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    BEGIN ATOMIC
        SELECT u.id FROM users u WHERE u.id = ANY (known_users.users);
    END;
-- +goose StatementEnd

-- The audit names people.
DROP FUNCTION journal_of_all;
-- +goose StatementBegin
CREATE FUNCTION journal_of_all(of_user bigint, below bigint, size integer)
    RETURNS TABLE (id bigint, at timestamptz, user_id bigint, issuer text, subject text, call_id uuid, actor_kind text, actor text, token_id bigint, client text, transport text, object text, object_id bigint, action text, event_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    BEGIN ATOMIC
        SELECT j.id, j.at, j.user_id, u.issuer, u.subject, j.call_id, j.actor_kind, j.actor, j.token_id, j.client, j.transport, j.object, j.object_id, j.action, j.event_id
        FROM journal j LEFT JOIN users u ON u.id = j.user_id
        WHERE current_setting('tickler.admin', true) = 'on'
          AND (of_user IS NULL OR j.user_id = of_user) AND (below IS NULL OR j.id < below) AND j.action <> 'reminded'
        ORDER BY j.id DESC LIMIT size;
    END;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION server_timeline, note_timeline, token_expired, known_users, journal_of_all FROM PUBLIC;
GRANT EXECUTE ON FUNCTION note_timeline, token_expired, journal_of_all TO tickler_api;
GRANT EXECUTE ON FUNCTION known_users TO tickler_notifier, tickler_recurrer;

-- +goose Down
DROP FUNCTION journal_of_all;
-- +goose StatementBegin
CREATE FUNCTION journal_of_all(of_user bigint, below bigint, size integer)
    RETURNS TABLE (id bigint, at timestamptz, user_id bigint, call_id uuid, actor_kind text, actor text, token_id bigint, client text, transport text, object text, object_id bigint, action text, event_id uuid)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    BEGIN ATOMIC
        SELECT j.id, j.at, j.user_id, j.call_id, j.actor_kind, j.actor, j.token_id, j.client, j.transport, j.object, j.object_id, j.action, j.event_id
        FROM journal j
        WHERE current_setting('tickler.admin', true) = 'on'
          AND (of_user IS NULL OR j.user_id = of_user) AND (below IS NULL OR j.id < below) AND j.action <> 'reminded'
        ORDER BY j.id DESC LIMIT size;
    END;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION journal_of_all FROM PUBLIC;
GRANT EXECUTE ON FUNCTION journal_of_all TO tickler_api;
DROP FUNCTION known_users, token_expired, note_timeline, server_timeline;
DROP TABLE incarnations;
