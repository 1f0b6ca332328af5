-- +goose Up
-- The record of each change: whose data, when, by whom, through what, and how the
-- object was before and after. An entry is written in the transaction of its change
-- and never updated. It is read by the relay (through outbox), the streams that
-- clients follow, the history that a person sees, and undo. Package journal
-- describes the columns, and docs/decisions/0009-streams-read-the-journal.md how
-- streams read them.
CREATE TABLE journal (
    id          bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    -- Streams are ordered by position. Ids are drawn before the commit, so a reader
    -- that continues after the last id would miss rows. A position is the row's own
    -- transaction, or the last one that had ended by then if that is later; so it is
    -- never below the position of an earlier change of the same task.
    position    bigint      NOT NULL DEFAULT greatest(
        pg_current_xact_id()::text::bigint,
        pg_snapshot_xmax(pg_current_snapshot())::text::bigint - 1),
    user_id     bigint      NOT NULL, -- no foreign key, which would make each change read the user's row
    at          timestamptz NOT NULL,
    call_id     uuid        NOT NULL,
    actor_kind  text        NOT NULL CHECK (actor_kind IN ('person', 'agent', 'system')),
    actor       text        NOT NULL,
    token_id    bigint,
    client      text,
    transport   text        NOT NULL,
    object      text        NOT NULL,
    object_id   bigint      NOT NULL,
    action      text        NOT NULL,
    before      json,                 -- json, not jsonb, since it is passed on without parsing
    after       json,
    restores    json,                 -- what undo needs in addition to before; never shown
    event_id    uuid,                 -- this and the rest for tasks only: the event that reports the change
    event_type  text,
    version     integer,
    source      text,
    traceparent text,
    CHECK (object <> 'task' OR (event_id IS NOT NULL AND event_type IS NOT NULL AND version IS NOT NULL AND source IS NOT NULL))
);
CREATE INDEX idx_journal_user ON journal (user_id, position, id);
CREATE INDEX idx_journal_object ON journal (user_id, object_id, id);
ALTER TABLE journal ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON journal TO tickler_api, tickler_recurrer USING (user_id = (SELECT caller_id()));
-- notifier records reminders of all users and the channels it switched off, and
-- prunes old entries.
CREATE POLICY notify ON journal FOR INSERT TO tickler_notifier WITH CHECK (event_type = 'reminder.sent' OR (object = 'channel' AND actor_kind = 'system'));
CREATE POLICY oldest ON journal FOR SELECT TO tickler_notifier USING (true);
CREATE POLICY prune ON journal FOR DELETE TO tickler_notifier USING (at < now() - kept_for('journal'));
CREATE POLICY publish ON journal FOR SELECT TO tickler_relay USING (true);
GRANT SELECT ON journal TO tickler_api;
GRANT SELECT (id, object_id) ON journal TO tickler_recurrer;
GRANT SELECT (id, position, at, object_id), DELETE ON journal TO tickler_notifier;
GRANT SELECT (id, user_id, at, object_id, after, event_id, event_type, version, source, traceparent) ON journal TO tickler_relay;
-- No app may choose an id or a position.
GRANT INSERT (user_id, at, call_id, actor_kind, actor, token_id, client, transport, object, object_id, action, before, after, restores,
    event_id, event_type, version, source, traceparent) ON journal TO tickler_api, tickler_recurrer, tickler_notifier;

-- The position up to which the journal was pruned. A reader that had not come that
-- far has missed something.
CREATE TABLE journal_floor (
    one      boolean PRIMARY KEY DEFAULT true CHECK (one),
    position bigint  NOT NULL
);
INSERT INTO journal_floor (position) VALUES (0);
GRANT SELECT ON journal_floor TO tickler_api, tickler_notifier;
GRANT UPDATE (position) ON journal_floor TO tickler_notifier;

-- Which of some users have entries from a position on, up to where everything is
-- settled; unsettled tells whether they have any beyond. It reveals nothing else
-- about them, so it may read all users' rows.
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
-- The changes of all users, or of one, newest first and without content. The
-- transaction must have been begun for an administrator.
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
-- The recorded events among those the caller names by user, task and id. Workers act
-- for all users; through this function they see only the events they were handed.
-- +goose StatementBegin
CREATE FUNCTION recorded_events(users bigint[], tasks bigint[], ids uuid[])
    RETURNS TABLE (event_id uuid, event_type text, at timestamptz, user_id bigint, task_id bigint, version integer, source text, traceparent text, fields text)
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    BEGIN ATOMIC
        SELECT j.event_id, j.event_type, j.at, j.user_id, j.object_id, j.version, j.source, coalesce(j.traceparent, ''), j.after::text
        FROM unnest(users, tasks, ids) AS told (user_id, task_id, event_id)
        JOIN journal j ON j.user_id = told.user_id AND j.object_id = told.task_id AND j.event_id = told.event_id;
    END;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION journal_news, journal_of_all, recorded_events FROM PUBLIC;
GRANT EXECUTE ON FUNCTION journal_news, journal_of_all TO tickler_api;
GRANT EXECUTE ON FUNCTION recorded_events TO tickler_notifier, tickler_recurrer, tickler_relay;

-- +goose Down
DROP FUNCTION recorded_events, journal_of_all, journal_news;
DROP TABLE journal_floor, journal;
