-- +goose Up
-- Postgres itself keeps users apart, behind the queries that do so already. Each
-- app works under a role of its own that has just the rights it needs and cannot
-- bypass a policy. Roles belong to the whole server: those of another database
-- are taken as they are. They cannot log in until an administrator lets them;
-- whoever runs this migration may become each of them. docs/security.md
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

-- The user on whose behalf a transaction works, NULL when nobody said.
CREATE FUNCTION caller_id() RETURNS bigint
    LANGUAGE sql STABLE PARALLEL SAFE
    RETURN nullif(current_setting('tickler.user_id', true), '')::bigint;

-- A table with a user_id shows its caller's rows, and takes no others.
ALTER TABLE users ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON users TO tickler_api, tickler_recurrer USING (id = (SELECT caller_id()));
-- +goose StatementBegin
DO $$
DECLARE
    t regclass;
BEGIN
    FOR t IN SELECT attrelid::regclass FROM pg_attribute JOIN pg_class c ON c.oid = attrelid
             WHERE attname = 'user_id' AND NOT attisdropped AND c.relkind IN ('r', 'p') AND c.relnamespace = 'public'::regnamespace LOOP
        EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', t);
        EXECUTE format('CREATE POLICY own ON %s TO tickler_api, tickler_recurrer USING (user_id = (SELECT caller_id()))', t);
        EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO tickler_api', t);
        -- Reminders, channels, and what goes out through them, are what notifier works on.
        IF t NOT IN ('tokens'::regclass, 'tasks'::regclass, 'categories'::regclass, 'tags'::regclass, 'task_tags'::regclass) THEN
            EXECUTE format('CREATE POLICY delivery ON %s TO tickler_notifier USING (true)', t);
            EXECUTE format('GRANT SELECT, INSERT, UPDATE, DELETE ON %s TO tickler_notifier', t);
        END IF;
    END LOOP;
END
$$;
-- +goose StatementEnd

GRANT USAGE ON SCHEMA public TO tickler_relay, tickler_api, tickler_notifier, tickler_recurrer;
GRANT SELECT ON goose_db_version TO tickler_relay, tickler_api, tickler_notifier, tickler_recurrer;

-- The relay of every app publishes what all of them committed.
GRANT SELECT, INSERT, UPDATE (parked_at, error), DELETE ON outbox TO tickler_relay;
GRANT SELECT, UPDATE (redriven_at) ON dead_letters TO tickler_relay;

GRANT SELECT, UPDATE (time_zone, reminder_offsets) ON users TO tickler_api;
REVOKE UPDATE, DELETE ON tokens FROM tickler_api;
GRANT UPDATE (revoked_at) ON tokens TO tickler_api;
GRANT INSERT ON outbox TO tickler_api;

GRANT SELECT ON users, categories, tags, task_tags, tasks, reminders TO tickler_recurrer;
GRANT INSERT ON tasks, task_tags, reminders, outbox, dead_letters TO tickler_recurrer;
GRANT UPDATE (version) ON tasks TO tickler_recurrer; -- without which no row can be locked

-- Reminders fall due whoever's they are. Deleted tasks are removed in time.
CREATE POLICY scan ON tasks FOR SELECT TO tickler_notifier USING (true);
CREATE POLICY claim ON tasks FOR UPDATE TO tickler_notifier USING (true) WITH CHECK (false);
CREATE POLICY prune ON tasks FOR DELETE TO tickler_notifier USING (deleted_at < now() - interval '30 days');
CREATE POLICY settings ON users FOR SELECT TO tickler_notifier USING (true);
GRANT SELECT, DELETE ON tasks TO tickler_notifier;
GRANT UPDATE (version) ON tasks TO tickler_notifier; -- without which no row can be locked
GRANT SELECT ON users TO tickler_notifier;
GRANT INSERT ON outbox TO tickler_notifier;
GRANT SELECT, INSERT, DELETE ON inbox, dead_letters TO tickler_notifier;

-- Whoever calls is not known before their token is: these look for it
-- under the rights of the schema's owner, and tell no more than is asked.
-- +goose StatementBegin
CREATE FUNCTION check_token(given bytea)
    RETURNS TABLE (id bigint, user_id bigint, prefix text, scopes text[], expires_at timestamptz)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    BEGIN ATOMIC
        SELECT t.id, t.user_id, t.prefix, t.scopes, t.expires_at FROM tokens t
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
-- +goose StatementBegin
CREATE FUNCTION provision_user(of_issuer text, named text, zone text) RETURNS bigint
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    found_id bigint;
BEGIN
    SELECT id INTO found_id FROM users WHERE issuer = of_issuer AND subject = named;
    IF found_id IS NULL THEN
        INSERT INTO users (issuer, subject) VALUES (of_issuer, named) ON CONFLICT (issuer, subject) DO NOTHING;
        SELECT id INTO found_id FROM users WHERE issuer = of_issuer AND subject = named;
    END IF;
    IF zone <> '' THEN
        UPDATE users SET time_zone = zone WHERE id = found_id;
    END IF;
    RETURN found_id;
END
$$;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION check_token, note_token_use, find_user, provision_user FROM PUBLIC;
GRANT EXECUTE ON FUNCTION check_token, note_token_use, find_user, provision_user TO tickler_api;

-- +goose Down
-- The roles stay: another database may use them.
DROP FUNCTION check_token, note_token_use, find_user, provision_user;
REVOKE ALL ON ALL TABLES IN SCHEMA public FROM tickler_relay, tickler_api, tickler_notifier, tickler_recurrer;
REVOKE USAGE ON SCHEMA public FROM tickler_relay, tickler_api, tickler_notifier, tickler_recurrer;
-- +goose StatementBegin
DO $$
DECLARE
    p record;
BEGIN
    FOR p IN SELECT policyname, format('%I.%I', schemaname, tablename) AS tab FROM pg_policies WHERE schemaname = 'public' LOOP
        EXECUTE format('DROP POLICY %I ON %s', p.policyname, p.tab);
        EXECUTE format('ALTER TABLE %s DISABLE ROW LEVEL SECURITY', p.tab);
    END LOOP;
END
$$;
-- +goose StatementEnd
DROP FUNCTION caller_id;
