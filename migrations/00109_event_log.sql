-- +goose Up
-- What happened to whose tasks, kept for some days: clients follow their own
-- part of it, and go on where they left off. It is written in the transaction
-- of the change, like the outbox.
--
-- A sequence is drawn before the commit, so a smaller number can appear after a
-- larger one: whoever reads on from the last that they saw would lose rows. So
-- rows are ordered by position, of which all below the oldest running
-- transaction is settled: nothing appears there any more. The position is the
-- row's own transaction, or the last that had ended by then if that is later:
-- that is at least the transaction of any earlier change of the same task, so
-- the events of a task are in order. See docs/decisions/0009-event-log.md.
CREATE TABLE event_log (
    position   bigint      NOT NULL DEFAULT greatest(
        pg_current_xact_id()::text::bigint,
        pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 1),
    seq        bigint      GENERATED ALWAYS AS IDENTITY,
    user_id    bigint      NOT NULL, -- no foreign key: it would cost each change a look at the user's row
    task_id    bigint      NOT NULL,
    event_id   uuid        NOT NULL,
    event_type text        NOT NULL,
    source     text        NOT NULL,
    token_id   bigint               DEFAULT nullif(current_setting('tickler.token_id', true), '')::bigint, -- whose use of a token it was, where that is known
    data       json        NOT NULL, -- as it is published
    created_at timestamptz NOT NULL,
    PRIMARY KEY (position, seq)
);
-- Consumers believe Postgres and not the broker: they look up each event they are
-- given by its id, which nobody can guess.
CREATE UNIQUE INDEX idx_event_log_event ON event_log (event_id);
CREATE INDEX idx_event_log_user ON event_log (user_id, position, seq);
ALTER TABLE event_log ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON event_log TO tickler_api, tickler_recurrer USING (user_id = (SELECT caller_id()));
CREATE POLICY oldest ON event_log FOR SELECT TO tickler_notifier USING (true);
CREATE POLICY reminded ON event_log FOR INSERT TO tickler_notifier WITH CHECK (event_type = 'reminder.sent');
CREATE POLICY prune ON event_log FOR DELETE TO tickler_notifier USING (created_at < now() - kept_for('event_log'));
GRANT SELECT ON event_log TO tickler_api;
GRANT SELECT (position, seq, created_at), DELETE ON event_log TO tickler_notifier;
-- Nobody chooses a position.
GRANT INSERT (user_id, task_id, event_id, event_type, source, data, created_at) ON event_log TO tickler_api, tickler_recurrer, tickler_notifier;

-- Up to where the log was pruned: who was not that far has missed something.
CREATE TABLE event_log_floor (
    one      boolean PRIMARY KEY DEFAULT true CHECK (one),
    position bigint  NOT NULL
);
INSERT INTO event_log_floor (position) VALUES (0);
GRANT SELECT ON event_log_floor TO tickler_api, tickler_notifier;
GRANT UPDATE (position) ON event_log_floor TO tickler_notifier;

-- Which of some users have events from a position on, up to where all is
-- settled; unsettled tells whether there are any beyond. It tells no more of
-- them than that, so it may look at all users' rows.
-- +goose StatementBegin
CREATE FUNCTION event_log_news(since bigint, users bigint[], OUT until bigint, OUT unsettled boolean, OUT found bigint[])
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    BEGIN ATOMIC
        SELECT h.horizon,
               EXISTS (SELECT FROM event_log e WHERE e.position >= h.horizon),
               ARRAY(SELECT DISTINCT e.user_id FROM event_log e
                     WHERE e.position >= since AND e.position < h.horizon AND e.user_id = ANY (users))
        FROM (SELECT pg_snapshot_xmin(pg_current_snapshot())::text::bigint AS horizon) h;
    END;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION event_log_news FROM PUBLIC;
GRANT EXECUTE ON FUNCTION event_log_news TO tickler_api;

-- What is recorded of events whose ids the caller knows. Workers act for all
-- users; through this they see only what they were handed.
-- +goose StatementBegin
CREATE FUNCTION recorded_events(ids uuid[])
    RETURNS TABLE (event_id uuid, user_id bigint, task_id bigint, event_type text, source text, created_at timestamptz, data text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    BEGIN ATOMIC
        SELECT e.event_id, e.user_id, e.task_id, e.event_type, e.source, e.created_at, e.data::text
        FROM event_log e WHERE e.event_id = ANY (ids);
    END;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION recorded_events FROM PUBLIC;
GRANT EXECUTE ON FUNCTION recorded_events TO tickler_notifier, tickler_recurrer, tickler_relay;

-- When the oldest event was written that is still to be published: its consumers
-- will look it up in the log.
-- +goose StatementBegin
CREATE FUNCTION oldest_unpublished() RETURNS timestamptz
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    BEGIN ATOMIC
        SELECT min(o.created_at) FROM outbox o;
    END;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION oldest_unpublished FROM PUBLIC;
GRANT EXECUTE ON FUNCTION oldest_unpublished TO tickler_notifier;

-- +goose Down
DROP FUNCTION oldest_unpublished, recorded_events, event_log_news;
DROP TABLE event_log_floor, event_log;
