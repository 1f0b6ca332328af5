-- +goose Up
-- Undo takes a change back by another change, whose entry points to the one that it
-- takes back. An undo is undone in the same way. An entry that was pruned may still
-- be pointed to, so this is no foreign key.
ALTER TABLE journal ADD COLUMN undoes bigint;
GRANT INSERT (undoes) ON journal TO tickler_api, tickler_recurrer, tickler_notifier;
-- Undo acts on what entries say. So the workers can write only those that they have
-- reason to: in their own name, of the kind that they make, with nothing to put back.
ALTER POLICY notify ON journal WITH CHECK (actor_kind = 'system' AND restores IS NULL AND undoes IS NULL AND token_id IS NULL
    AND (object = 'task' AND action = 'reminded' AND event_type = 'reminder.sent' AND before IS NULL OR object = 'channel' AND action = 'updated' AND event_type IS NULL));
CREATE POLICY work ON journal AS RESTRICTIVE FOR INSERT TO tickler_recurrer WITH CHECK (
    actor_kind = 'system' AND object = 'task' AND undoes IS NULL AND token_id IS NULL);

-- For each of some users: whether they have entries from a position on, up to where
-- their entries are settled, where that is, and whether they have any beyond. It
-- reveals nothing else about them, so it may read all users' rows.
DROP FUNCTION journal_news;
-- +goose StatementBegin
CREATE FUNCTION journal_news(users bigint[], since bigint[], settled bigint[])
    RETURNS TABLE (user_id bigint, until bigint, found boolean, unsettled boolean)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    BEGIN ATOMIC
        SELECT u.id, h.horizon,
               EXISTS (SELECT FROM journal j WHERE j.user_id = u.id AND j.position >= u.since AND j.position < h.horizon),
               EXISTS (SELECT FROM journal j WHERE j.user_id = u.id AND j.position >= h.horizon)
        FROM unnest(users, since, settled) AS u (id, since, settled)
        CROSS JOIN LATERAL (SELECT greatest(u.settled, pg_snapshot_xmin(pg_current_snapshot())::text::bigint) AS horizon) h;
    END;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION journal_news FROM PUBLIC;
GRANT EXECUTE ON FUNCTION journal_news TO tickler_api;

-- +goose Down
DROP FUNCTION journal_news;
-- +goose StatementBegin
CREATE FUNCTION journal_news(since bigint, settled bigint, users bigint[], OUT until bigint, OUT unsettled boolean, OUT found bigint[])
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    BEGIN ATOMIC
        SELECT h.horizon,
               EXISTS (SELECT FROM unnest(users) u (id) WHERE EXISTS (
                   SELECT FROM journal j WHERE j.user_id = u.id AND j.position >= h.horizon)),
               ARRAY(SELECT u.id FROM unnest(users) u (id) WHERE EXISTS (
                   SELECT FROM journal j WHERE j.user_id = u.id AND j.position >= since AND j.position < h.horizon))
        FROM (SELECT greatest(settled, pg_snapshot_xmin(pg_current_snapshot())::text::bigint) AS horizon) h;
    END;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION journal_news FROM PUBLIC;
GRANT EXECUTE ON FUNCTION journal_news TO tickler_api;
DROP POLICY work ON journal;
ALTER POLICY notify ON journal WITH CHECK (event_type = 'reminder.sent' OR (object = 'channel' AND actor_kind = 'system'));
ALTER TABLE journal DROP COLUMN undoes;
