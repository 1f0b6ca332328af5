-- +goose Up
-- Who did what through which token. Triggers write it, in the transaction of the
-- change, so that no way of changing something can forget to; no app may change
-- or add a row itself. Only ids and names of actions are in it, no content.
CREATE TABLE audit (
    id        bigint      GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        timestamptz NOT NULL DEFAULT now(),
    user_id   bigint      NOT NULL, -- whose data; no foreign key: it outlives the user
    actor     text        NOT NULL, -- the token's name, the app that worked by itself, or the command line
    token_id  bigint,               -- of a personal token
    action    text        NOT NULL, -- as event types are: task.created
    object_id bigint      NOT NULL, -- the id of the task, category, tag, token, channel or user
    event_id  uuid                  -- where an event tells more
);
CREATE INDEX idx_audit_user ON audit (user_id, id);
CREATE INDEX idx_audit_at ON audit (at);
ALTER TABLE audit ENABLE ROW LEVEL SECURITY;
CREATE POLICY own ON audit TO tickler_api USING (user_id = (SELECT caller_id()));
-- An administrator, as whom a transaction must have been begun, reads all of it.
CREATE POLICY administrator ON audit FOR SELECT TO tickler_api USING ((SELECT current_setting('tickler.admin', true)) = 'on');
CREATE POLICY prune ON audit TO tickler_notifier USING (at < now() - kept_for('audit'));
GRANT SELECT ON audit TO tickler_api;
GRANT SELECT (id, at), DELETE ON audit TO tickler_notifier;

-- +goose StatementBegin
CREATE FUNCTION audit_actor(otherwise text) RETURNS text
    LANGUAGE sql STABLE
    RETURN coalesce(nullif(current_setting('tickler.actor', true), ''), otherwise);
CREATE FUNCTION audit_token() RETURNS bigint
    LANGUAGE sql STABLE
    RETURN nullif(current_setting('tickler.token_id', true), '')::bigint;

CREATE FUNCTION audit_events() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
BEGIN
    INSERT INTO audit (user_id, actor, token_id, action, object_id, event_id)
    SELECT user_id, audit_actor(source), audit_token(), event_type, task_id, event_id
    FROM added WHERE event_type <> 'reminder.sent' ORDER BY seq; -- nobody did that
    RETURN NULL;
END
$$;

-- What has no event. Its arguments: what the table holds, and what an update is.
CREATE FUNCTION audit_change() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public, pg_temp
AS $$
DECLARE
    changed jsonb := to_jsonb(CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END);
BEGIN
    INSERT INTO audit (user_id, actor, token_id, action, object_id)
    VALUES (coalesce(changed -> 'user_id', changed -> 'id')::bigint, audit_actor('database'), audit_token(),
            TG_ARGV[0] || '.' || CASE TG_OP WHEN 'INSERT' THEN 'created' WHEN 'DELETE' THEN 'deleted' ELSE TG_ARGV[1] END,
            (changed -> 'id')::bigint);
    RETURN NULL;
END
$$;
-- +goose StatementEnd
REVOKE EXECUTE ON FUNCTION audit_actor, audit_token, audit_events, audit_change FROM PUBLIC; -- a trigger needs no right to

CREATE TRIGGER audit AFTER INSERT ON event_log REFERENCING NEW TABLE AS added FOR EACH STATEMENT EXECUTE FUNCTION audit_events();
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON categories FOR EACH ROW EXECUTE FUNCTION audit_change('category', 'updated');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OF name, color OR DELETE ON tags FOR EACH ROW EXECUTE FUNCTION audit_change('tag', 'updated');
-- Not when notifier notes how one fares.
CREATE TRIGGER audit AFTER INSERT OR UPDATE OF secret, enabled, confirmed OR DELETE ON channels FOR EACH ROW EXECUTE FUNCTION audit_change('channel', 'updated');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OF revoked_at OR DELETE ON tokens FOR EACH ROW EXECUTE FUNCTION audit_change('token', 'revoked');
CREATE TRIGGER audit AFTER INSERT OR UPDATE OR DELETE ON users FOR EACH ROW EXECUTE FUNCTION audit_change('user', 'updated');

-- +goose Down
DROP TRIGGER audit ON users;
DROP TRIGGER audit ON tokens;
DROP TRIGGER audit ON channels;
DROP TRIGGER audit ON tags;
DROP TRIGGER audit ON categories;
DROP TRIGGER audit ON event_log;
DROP FUNCTION audit_change, audit_events, audit_token, audit_actor;
DROP TABLE audit;
