-- +goose Up
-- What each app's login reads and records is what its work needs, so that whoever
-- steals one learns and forges no more than that.

-- The relay reads the journal through this function alone: of events that wait to be
-- published, and of no others. A reminder's trace is that of the tick which found it
-- due. Where that is sampled, the last change of the task tells what set it. In
-- PL/pgSQL a session plans the query once; see sessionSettings in internal/outbox.
-- +goose StatementBegin
CREATE FUNCTION waiting_events(of_shards smallint[], of_topics text[], of_ids bigint[])
    RETURNS TABLE (id bigint, shard smallint, topic text, event_id uuid, event_type text, at timestamptz, user_id bigint, task_id bigint,
        version integer, source text, traceparent text, fields text, set_by text)
    LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp AS $$
#variable_conflict use_column
BEGIN
    RETURN QUERY
        SELECT o.id, o.shard, o.topic, j.event_id, j.event_type, j.at, j.user_id, o.task_id, j.version, j.source, coalesce(j.traceparent, ''), coalesce(j.after::text, ''),
            CASE WHEN j.event_type = 'reminder.sent' AND j.traceparent LIKE '%-01' THEN coalesce((
                SELECT c.traceparent FROM journal c
                WHERE c.user_id = j.user_id AND c.object_id = j.object_id AND c.id < j.id AND c.event_type <> j.event_type
                ORDER BY c.id DESC LIMIT 1), '') ELSE '' END
        FROM unnest(of_shards, of_topics, of_ids) AS told (shard, topic, id)
        JOIN outbox o ON o.shard = told.shard AND o.topic = told.topic AND o.id = told.id
        JOIN journal j ON j.id = o.id;
END $$;
-- +goose StatementEnd
-- Queues a recorded event once more, for whoever can name it.
-- +goose StatementBegin
CREATE FUNCTION queue_again(shards integer, to_topic text, of_user bigint, of_task bigint, of_event uuid) RETURNS void
    LANGUAGE sql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    BEGIN ATOMIC
        INSERT INTO outbox (shard, topic, id, task_id)
        SELECT j.object_id % shards, to_topic, j.id, j.object_id FROM journal j
        WHERE j.user_id = of_user AND j.object_id = of_task AND j.event_id = of_event
        ON CONFLICT DO NOTHING;
    END;
-- +goose StatementEnd
-- Tells whether an entry was there before the statement that asks.
-- +goose StatementBegin
CREATE FUNCTION is_recorded(entry bigint) RETURNS boolean
    LANGUAGE sql STABLE SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
    BEGIN ATOMIC
        SELECT EXISTS (SELECT FROM journal j WHERE j.id = entry);
    END;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION waiting_events, queue_again, is_recorded FROM PUBLIC;
GRANT EXECUTE ON FUNCTION waiting_events, queue_again TO tickler_relay;
GRANT EXECUTE ON FUNCTION is_recorded TO tickler_notifier, tickler_recurrer;

DROP POLICY publish ON journal;
REVOKE SELECT ON journal FROM tickler_relay;

-- A worker queues an event in the statement that records it, and none that was
-- recorded before: else its login could queue old events to read them as the relay.
ALTER TABLE outbox ENABLE ROW LEVEL SECURITY;
CREATE POLICY record ON outbox FOR INSERT TO tickler_api WITH CHECK (true);
CREATE POLICY work ON outbox FOR INSERT TO tickler_notifier, tickler_recurrer WITH CHECK (NOT is_recorded(id));
CREATE POLICY publish ON outbox TO tickler_relay USING (true);
REVOKE INSERT ON outbox FROM tickler_relay;

-- What was said about a task, and the words of it that search has, are nothing to the
-- recurrer. A column that comes later is granted where it is added.
REVOKE SELECT, INSERT ON tasks FROM tickler_recurrer;
-- +goose StatementBegin
DO $$
DECLARE
    columns text := (SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum) FROM pg_attribute
        WHERE attrelid = 'tasks'::regclass AND attnum > 0 AND NOT attisdropped AND attname NOT IN ('said', 'search_vector'));
BEGIN
    EXECUTE format('GRANT SELECT (%s) ON tasks TO tickler_recurrer', columns);
    EXECUTE format('GRANT INSERT (%s) ON tasks TO tickler_recurrer', columns);
END $$;
-- +goose StatementEnd

-- The recurrer records new tasks, and that one is blocked or no longer. Clocks of
-- apps may differ from that of the database.
ALTER POLICY work ON journal WITH CHECK (
    actor_kind = 'system' AND object = 'task' AND undoes IS NULL AND token_id IS NULL AND before IS NULL AND restores IS NULL
    AND (action, event_type) IN (('created', 'task.created'), ('blocked', 'task.blocked'), ('unblocked', 'task.unblocked'))
    AND at BETWEEN now() - interval '15 minutes' AND now() + interval '5 minutes');
CREATE POLICY in_time ON journal AS RESTRICTIVE FOR INSERT TO tickler_notifier WITH CHECK (at <= now() + interval '5 minutes');

-- +goose Down
DROP POLICY in_time ON journal;
ALTER POLICY work ON journal WITH CHECK (actor_kind = 'system' AND object = 'task' AND undoes IS NULL AND token_id IS NULL);
GRANT SELECT, INSERT ON tasks TO tickler_recurrer;
GRANT INSERT ON outbox TO tickler_relay;
DROP POLICY publish ON outbox;
DROP POLICY work ON outbox;
DROP POLICY record ON outbox;
ALTER TABLE outbox DISABLE ROW LEVEL SECURITY;
GRANT SELECT (id, user_id, at, object_id, after, event_id, event_type, version, source, traceparent) ON journal TO tickler_relay;
CREATE POLICY publish ON journal FOR SELECT TO tickler_relay USING (true);
DROP FUNCTION is_recorded, queue_again, waiting_events;
