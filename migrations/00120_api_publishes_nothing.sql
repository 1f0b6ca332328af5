-- +goose Up
-- The relay runs in notifier and recurrer alone, so api's role need not become it:
-- whoever steals api's login reads and removes no event that waits to be published.
-- Memberships belong to the whole server. From Postgres 16 on, one is taken away in
-- the name of who granted it.
-- +goose StatementBegin
DO $$
DECLARE
    granted regrole;
BEGIN
    IF current_setting('server_version_num')::int < 160000 THEN
        IF pg_has_role('tickler_api', 'tickler_relay', 'MEMBER') THEN
            REVOKE tickler_relay FROM tickler_api;
        END IF;
        RETURN;
    END IF;
    FOR granted IN SELECT grantor FROM pg_auth_members WHERE roleid = 'tickler_relay'::regrole AND member = 'tickler_api'::regrole LOOP
        EXECUTE format('REVOKE tickler_relay FROM tickler_api GRANTED BY %s', granted);
    END LOOP;
EXCEPTION
    WHEN insufficient_privilege THEN
        RAISE WARNING 'tickler_api may still become tickler_relay, which it need not. Let an administrator run: REVOKE tickler_relay FROM tickler_api';
END
$$;
-- +goose StatementEnd

-- +goose Down
GRANT tickler_relay TO tickler_api;
