-- +goose Up
GRANT UPDATE (quiet_hours) ON users TO tickler_api;
REVOKE ALL ON calendar_feeds FROM tickler_notifier; -- it has no business with them

-- Whose feed it is that has a secret with this hash: who asks is not known
-- before. See migration 7 for the others of this kind.
-- +goose StatementBegin
CREATE FUNCTION find_calendar(given bytea) RETURNS bigint
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    BEGIN ATOMIC
        SELECT f.user_id FROM calendar_feeds f WHERE f.hash = given;
    END;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION find_calendar FROM PUBLIC;
GRANT EXECUTE ON FUNCTION find_calendar TO tickler_api;

-- +goose Down
DROP FUNCTION find_calendar;
GRANT SELECT, INSERT, UPDATE, DELETE ON calendar_feeds TO tickler_notifier;
REVOKE UPDATE (quiet_hours) ON users FROM tickler_api;
