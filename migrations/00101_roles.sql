-- +goose Up
-- Postgres itself isolates users, in addition to the queries. Each app works under
-- its own role, which has only the rights its work needs, owns nothing and cannot
-- bypass a policy. Roles belong to the whole server, so those created by another
-- database are reused. They cannot log in until an administrator allows it; the user
-- who runs this migration may become each of them. docs/hardening.md
-- +goose StatementBegin
DO $$
DECLARE
    name text;
    -- From Postgres 16 on, the creator of a role is a member that may not become it.
    becoming text := CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END;
BEGIN
    FOR attempt IN 1..50 LOOP
        BEGIN
            FOREACH name IN ARRAY ARRAY['tickler_relay', 'tickler_api', 'tickler_notifier', 'tickler_recurrer'] LOOP
                IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
                    -- NOINHERIT: a session must ask to become the relay.
                    EXECUTE format('CREATE ROLE %I NOLOGIN NOINHERIT', name);
                END IF;
                IF name <> 'tickler_relay' AND NOT pg_has_role(name, 'tickler_relay', 'MEMBER') THEN
                    EXECUTE format('GRANT tickler_relay TO %I', name);
                END IF;
                IF NOT pg_has_role(current_user, name, becoming) THEN
                    EXECUTE format('GRANT %I TO %I', name, current_user);
                END IF;
            END LOOP;
            EXIT;
        EXCEPTION
            WHEN insufficient_privilege THEN
                RAISE EXCEPTION 'the user % may not create roles', current_user USING HINT = format(
                    'Let an administrator run the following, then migrate again: '
                    'CREATE ROLE tickler_relay NOLOGIN NOINHERIT; CREATE ROLE tickler_api NOLOGIN NOINHERIT; '
                    'CREATE ROLE tickler_notifier NOLOGIN NOINHERIT; CREATE ROLE tickler_recurrer NOLOGIN NOINHERIT; '
                    'GRANT tickler_relay TO tickler_api, tickler_notifier, tickler_recurrer; '
                    'GRANT tickler_relay, tickler_api, tickler_notifier, tickler_recurrer TO %I;', current_user);
            WHEN duplicate_object OR unique_violation OR internal_error THEN
                -- Another database of this server is being migrated at the same
                -- time.
                IF attempt = 50 THEN
                    RAISE;
                END IF;
                PERFORM pg_sleep(0.1);
        END;
    END LOOP;
END
$$;
-- +goose StatementEnd

-- Everybody in a database may, unless this is revoked, create temporary tables,
-- which can have the name of one of ours; and, in a database created before Postgres
-- 15, objects next to ours. The owner of the database may revoke both. For anybody
-- else these statements change nothing, with a warning, and an administrator has to
-- run them: docs/hardening.md
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
-- +goose StatementBegin
DO $$
BEGIN
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
END
$$;
-- +goose StatementEnd

-- Everybody may also create large objects of any size, which nothing here would ever
-- remove, and write to the log of Postgres itself. These functions belong to the
-- administrator, so a migration run by anybody else leaves them to one.
-- +goose StatementBegin
DO $$
DECLARE
    writing regprocedure;
BEGIN
    FOR writing IN
        SELECT p.oid FROM pg_proc p
        WHERE p.pronamespace = 'pg_catalog'::regnamespace AND p.proname IN ('lo_creat', 'lo_create', 'lo_from_bytea', 'pg_logical_emit_message')
          AND pg_has_role(p.proowner, 'USAGE')
    LOOP
        EXECUTE format('REVOKE EXECUTE ON FUNCTION %s FROM PUBLIC', writing);
    END LOOP;
END
$$;
-- +goose StatementEnd

-- Functions are executable by everybody too unless that is revoked, as here and for
-- each function below. A SECURITY DEFINER function runs with the rights of the
-- schema's owner. Its names are therefore bound at creation (BEGIN ATOMIC), or its
-- search_path ends in pg_temp, which would otherwise be searched first.

-- The user on whose behalf a transaction works, NULL if none was named. A table with
-- a user_id has a policy "own" that compares with it.
CREATE FUNCTION caller_id() RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('tickler.user_id', true), '')::bigint;
REVOKE EXECUTE ON FUNCTION caller_id FROM PUBLIC;
GRANT EXECUTE ON FUNCTION caller_id TO tickler_api, tickler_recurrer;

-- How long rows are kept before anybody may remove them. Policies take it from here
-- only; internal/event/retention.go has the same for Go.
CREATE FUNCTION kept_for(what text) RETURNS interval
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE what
        WHEN 'tasks' THEN interval '30 days' -- deleted tasks
        WHEN 'deliveries' THEN interval '30 days'
        WHEN 'journal' THEN interval '90 days'
    END;
REVOKE EXECUTE ON FUNCTION kept_for FROM PUBLIC;
GRANT EXECUTE ON FUNCTION kept_for TO tickler_notifier;

GRANT USAGE ON SCHEMA public TO tickler_relay, tickler_api, tickler_notifier, tickler_recurrer;
GRANT SELECT ON goose_db_version TO tickler_relay, tickler_api, tickler_notifier, tickler_recurrer;

-- +goose Down
-- The roles stay, because another database may use them. Rights revoked from
-- everybody stay revoked.
DROP FUNCTION kept_for, caller_id;
REVOKE SELECT ON goose_db_version FROM tickler_relay, tickler_api, tickler_notifier, tickler_recurrer;
REVOKE USAGE ON SCHEMA public FROM tickler_relay, tickler_api, tickler_notifier, tickler_recurrer;
