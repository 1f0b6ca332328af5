-- +goose Up
-- Postgres itself keeps users apart, behind the queries that do so already. Each
-- app works under a role of its own, which has only the rights that its work
-- needs, owns nothing and cannot bypass a policy. Roles belong to the whole
-- server, so those that another database made are taken as they are. They cannot
-- log in until an administrator lets them; whoever runs this migration may become
-- each of them. docs/security.md
-- +goose StatementBegin
DO $$
DECLARE
    name text;
    -- From Postgres 16 on, who made a role is a member that may not become it.
    becoming text := CASE WHEN current_setting('server_version_num')::int < 160000 THEN 'MEMBER' ELSE 'SET' END;
BEGIN
    FOR attempt IN 1..50 LOOP
        BEGIN
            FOREACH name IN ARRAY ARRAY['tickler_relay', 'tickler_api', 'tickler_notifier', 'tickler_recurrer'] LOOP
                IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = name) THEN
                    -- NOINHERIT: becoming the relay must be asked for.
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
                -- Another database of this server is being migrated at this moment.
                IF attempt = 50 THEN
                    RAISE;
                END IF;
                PERFORM pg_sleep(0.1);
        END;
    END LOOP;
END
$$;
-- +goose StatementEnd

-- What everybody in a database may do unless it is taken away: make temporary
-- tables, which can bear the name of one of ours, and in a database that began
-- before Postgres 15 make objects beside ours. Who migrates may take it away as
-- the owner of the database; for others these change nothing, with a warning, and
-- an administrator has to: docs/security.md
REVOKE CREATE ON SCHEMA public FROM PUBLIC;
-- +goose StatementBegin
DO $$
BEGIN
    EXECUTE format('REVOKE TEMPORARY ON DATABASE %I FROM PUBLIC', current_database());
END
$$;
-- +goose StatementEnd

-- Everybody may also make large objects, of any size, which nothing here would ever
-- remove, and write into the log of Postgres itself. These functions belong to the
-- administrator: who migrates without being one leaves that to them.
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

-- A function may be executed by everybody too, unless that is taken away, as here
-- and with each function below. One that is SECURITY DEFINER runs under the rights
-- of the schema's owner: its names are bound when it is created (BEGIN ATOMIC), or
-- its search_path ends in pg_temp, which would else come first.

-- The user on whose behalf a transaction works, NULL when nobody said. A table
-- with a user_id has a policy "own" that compares with it.
CREATE FUNCTION caller_id() RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('tickler.user_id', true), '')::bigint;
REVOKE EXECUTE ON FUNCTION caller_id FROM PUBLIC;
GRANT EXECUTE ON FUNCTION caller_id TO tickler_api, tickler_recurrer;

-- How long rows of a table are kept before anybody may remove them: the one place
-- in SQL, for policies. internal/event/retention.go has the same for Go.
CREATE FUNCTION kept_for(what text) RETURNS interval
    LANGUAGE sql IMMUTABLE PARALLEL SAFE
    RETURN CASE what
        WHEN 'tasks' THEN interval '30 days' -- deleted ones
        WHEN 'deliveries' THEN interval '30 days'
        WHEN 'journal' THEN interval '90 days'
    END;
REVOKE EXECUTE ON FUNCTION kept_for FROM PUBLIC;
GRANT EXECUTE ON FUNCTION kept_for TO tickler_notifier;

GRANT USAGE ON SCHEMA public TO tickler_relay, tickler_api, tickler_notifier, tickler_recurrer;
GRANT SELECT ON goose_db_version TO tickler_relay, tickler_api, tickler_notifier, tickler_recurrer;

-- +goose Down
-- The roles stay: another database may use them. What was taken from everybody
-- stays away.
DROP FUNCTION kept_for, caller_id;
REVOKE SELECT ON goose_db_version FROM tickler_relay, tickler_api, tickler_notifier, tickler_recurrer;
REVOKE USAGE ON SCHEMA public FROM tickler_relay, tickler_api, tickler_notifier, tickler_recurrer;
