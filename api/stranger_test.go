package main

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
	"tickler/internal/task"
)

// absent is an id that no object has.
const absent = int64(900_000_001)

// belongings are ann's ids and names. A stranger may know them and must gain nothing
// from that.
type belongings struct {
	task, done, deleted, category, tag, channel, audit, change, token, comment int64
	version                                                                    int
	etag, cursor, eventID, seriesID, call                                      string
	secrets                                                                    []string // must not occur in an answer to a stranger who did not send them
}

const (
	annsCategory, annsTag, annsKey = "Orchard", "pruning", "key of ann"
)

// settle creates the belongings of ann.
func settle(t *testing.T, ann *resident) belongings {
	t.Helper()
	b := belongings{}
	// Large ids, so that they can be found in any text.
	_, err := ann.owner.Exec(t.Context(), `
		DO $$ DECLARE s record; BEGIN
			FOR s IN SELECT pg_get_serial_sequence(table_name, column_name) AS name FROM information_schema.columns
			         WHERE table_schema = 'public' AND is_identity = 'YES' AND table_name <> 'users' LOOP
				PERFORM setval(s.name, 700000000 + (random() * 1000000)::int);
			END LOOP;
		END $$`)
	require.NoError(t, err)
	id := func(answer fields, of string) int64 { return int64(answer[of].(fields)["id"].(float64)) }
	b.category = id(ann.call(t, "create_category", fields{"name": annsCategory}), "category")
	hidden := id(ann.call(t, "create_category", fields{"name": "Vineyard-hidden"}), "category")
	b.tag = id(ann.call(t, "create_tag", fields{"name": annsTag}), "tag")
	ann.call(t, "create_tag", fields{"name": "grafting-hidden"})
	b.eventID = ann.firstEventID(t)
	add := func(title string) int64 {
		return id(ann.call(t, "add_task", fields{
			"title": title, "description": "buried treasure", "category": annsCategory, "tags": []string{annsTag},
			"due_date": "2030-03-01T09:00", "recurrence_rule": "daily", "idempotency_key": annsKey + title,
		}), "task")
	}
	b.task, b.done, b.deleted = add("Zebra secret"), add("Zebra finished"), add("Zebra thrown away")
	ann.call(t, "update_task", fields{"task_id": b.task, "comment": fields{"text": "Zebra remark"}})
	b.comment = int64(ann.call(t, "get_task", fields{"task_id": b.task})["comments"].([]any)[0].(fields)["id"].(float64))
	ann.call(t, "complete_task", fields{"task_id": b.done})
	successor, err := task.NewService(ann.store, time.Now).CreateSuccessor(t.Context(), ann.user.UserID, b.done)
	require.NoError(t, err)
	ann.call(t, "delete_task", fields{"task_id": b.deleted})
	ann.call(t, "add_task", fields{"title": "Zebra keyed", "idempotency_key": annsKey})
	channels := ann.call(t, "user_settings", fields{"add_channel": "ntfy://ntfy.example/ann-hidden-topic"})["channels"].([]any)
	b.channel = int64(channels[0].(fields)["id"].(float64))
	one := ann.fetch(t, fmt.Sprint("/v1/tasks/", b.task))
	b.etag, b.version = one.header.Get("ETag"), int(one.body(t)["task"].(fields)["version"].(float64))
	b.cursor = ann.call(t, "list_tasks", fields{"limit": 1})["next_cursor"].(string)
	b.audit = int64(ann.fetch(t, "/v1/audit").body(t)["entries"].([]any)[0].(fields)["id"].(float64))
	require.NoError(t, ann.owner.QueryRow(t.Context(), `SELECT id, call_id::text, token_id FROM journal WHERE user_id = $1 AND object_id = $2 AND action = 'created'`,
		ann.user.UserID, b.task).Scan(&b.change, &b.call, &b.token))
	require.NoError(t, ann.owner.QueryRow(t.Context(), `SELECT series_id::text FROM tasks WHERE id = $1`, b.task).Scan(&b.seriesID))
	b.secrets = []string{
		"Zebra", "buried", "Vineyard-hidden", "grafting-hidden", "ann-hidden-topic", annsCategory, annsTag, annsKey, b.etag, b.seriesID, ann.token[:8], b.call,
	}
	for _, id := range []int64{b.task, b.done, b.deleted, successor.ID, b.category, hidden, b.tag, b.channel, b.change, b.comment} {
		b.secrets = append(b.secrets, fmt.Sprint(id))
	}
	hers := ann.state(t) + b.etag
	for _, secret := range b.secrets {
		require.True(t, secret != "" && strings.Contains(hers, secret), "%q is nothing of ann's: to look for it guards nothing", secret)
	}
	return b
}

// references maps inputs that can refer to another user's objects to ann's values.
// Those in identifying must name an object that exists.
func (b belongings) references() (identifying, other map[string][]any) {
	tasks := []any{b.task, b.done, b.deleted}
	return map[string][]any{
			"task_id": tasks, "parent_id": tasks, "blocked_by": {[]int64{b.task}, []int64{b.done}, []int64{b.deleted}}, "category_id": {b.category}, "tag_id": {b.tag}, "tag_ids": {[]int64{b.tag}},
			"comment": {fields{"id": b.comment, "text": "mine"}, fields{"id": b.comment, "delete": true}}, "remove_channel": {b.channel}, "test_channel": {b.channel},
			"id":        {fmt.Sprint(b.task), fmt.Sprint(b.done), fmt.Sprint(b.deleted)},
			"change_id": {b.change}, "call_id": {b.call}, "connection": {fmt.Sprint(b.token)},
		}, map[string][]any{
			"category": {annsCategory}, "tag": {annsTag}, "tags": {[]string{annsTag}}, "add_tags": {[]string{annsTag}}, "remove_tags": {[]string{annsTag}}, "merge_into": {annsTag},
			"name": {annsCategory, annsTag}, "query": {"zebra", "", "treasure or zebra", "zeb"}, "cursor": {b.cursor}, "idempotency_key": {annsKey}, "if_version": {b.version},
			"user_id": {1}, "by": {fmt.Sprint(b.token), "agent"}, "before": {b.audit, b.audit + 1}, "comments_before": {b.comment, b.comment + 1}, "deliveries": {20},
			"If-Match": {b.etag}, "If-None-Match": {b.etag}, "Idempotency-Key": {annsKey}, "Last-Event-ID": {b.eventID},
		}
}

// harmless maps inputs that refer to nobody's objects to a value, or to nil where a
// call does not need one.
var harmless = map[string]any{
	"title": "Mine", "name": "mine", "snooze_minutes": 5, "query": "mine",
	"description": nil, "priority": nil, "due_date": nil, "recurrence_rule": nil, "recurrence_base": nil, "reminder_offsets": nil, "estimate_minutes": nil, "response_format": nil,
	"status": nil, "due_before": nil, "due_after": nil, "completed_before": nil, "completed_after": nil, "sort_by": nil, "sort_order": nil, "limit": nil, "color": nil, "tags_match": nil, "action": nil,
	"start_date": nil, "waiting_for": nil, "parts": nil, "ready": nil, "blocked": nil, "waiting": nil, "top_level": nil, "ref": nil, "parent_ref": nil, "blocked_by_refs": nil,
	"remind_before_minutes": nil, "remind_at": nil, "days": nil, "time_zone": nil, "quiet_hours": nil, "add_channel": nil, "calendar_feed": nil, "dry_run": nil,
	"missed": nil, "nag": nil, "scope": nil, "completed_at": nil, "clear": nil, "all_day_time": nil, "bring_tasks_from": nil, "since": nil, "object": nil, "partial": nil,
}

// probe is a call with one of ann's values in it.
type probe struct {
	field       string // none: everything in the call is the stranger's own
	value       any
	identifying bool
	build       func(own fields, value any) fields // the arguments
}

// missing is a value of the same kind that refers to nothing.
func (p probe) missing() any {
	if p.field == "call_id" {
		return "00000000-0000-7000-8000-000000000000"
	}
	switch p.value.(type) {
	case fields:
		return fields{"id": absent, "text": "mine"}
	case []int64:
		return []int64{absent}
	case string:
		return fmt.Sprint(absent)
	}
	return absent
}

// probes makes the probes of an input with these properties.
func (b belongings) probes(t *testing.T, what string, properties fields) []probe {
	t.Helper()
	identifying, other := b.references()
	all := []probe{{build: func(own fields, _ any) fields { return base(properties, own, "") }}}
	for _, field := range slices.Sorted(maps.Keys(properties)) {
		if items, ok := itemsOf(properties[field]); ok {
			for _, p := range b.probes(t, what+"."+field, items) {
				inner := p.build
				p.build = func(own fields, value any) fields { return fields{field: []any{inner(own, value)}} }
				all = append(all, p)
			}
			continue
		}
		values, names := identifying[field], true
		if values == nil {
			values, names = other[field], false
		}
		if _, known := harmless[field]; values == nil && !known {
			t.Errorf("%s takes %q: say in references or in harmless whether that can name what is another's", what, field)
		}
		for _, value := range values {
			all = append(all, probe{field, value, names, func(own fields, value any) fields {
				arguments := base(properties, own, field)
				arguments[field] = value
				if field == "connection" {
					arguments["since"] = "2020-01-01"
				}
				return arguments
			}})
		}
	}
	return all
}

// base returns arguments that are the stranger's own, without one field.
func base(properties, own fields, but string) fields {
	arguments := fields{}
	for field := range properties {
		value := own[field]
		if value == nil {
			value = harmless[field]
		}
		if value == nil || field == but {
			continue
		}
		switch { // one of two that say the same
		case field == "tag" && (but == "tag_id" || properties["tag_ids"] != nil), field == "category" && but == "category_id", field == "tags" && but == "tag_ids":
		case field == "snooze_minutes" && slices.Contains([]string{"remind_at", "remind_before_minutes", "nag", "clear"}, but):
		default:
			arguments[field] = value
		}
	}
	return arguments
}

// itemsOf returns the properties of the items of an array of objects.
func itemsOf(schema any) (fields, bool) {
	items, _ := schema.(fields)["items"].(fields)
	properties, ok := items["properties"].(fields)
	return properties, ok
}

// fresh resets a stranger to one task with a category and a tag.
func fresh(t *testing.T, eve *resident) fields {
	t.Helper()
	_, err := eve.owner.Exec(t.Context(), fmt.Sprintf(`
		DELETE FROM tasks WHERE user_id = %[1]d; DELETE FROM categories WHERE user_id = %[1]d; DELETE FROM tags WHERE user_id = %[1]d`, eve.user.UserID))
	require.NoError(t, err)
	eve.call(t, "create_category", fields{"name": "Eves"})
	added := eve.call(t, "add_task", fields{"title": "Eve's own", "category": "Eves", "tags": []string{"evening"}, "due_date": "2031-03-01T09:00", "recurrence_rule": "daily"})
	var category, tag int64
	require.NoError(t, eve.owner.QueryRow(t.Context(), `SELECT c.id, g.id FROM categories c JOIN tags g USING (user_id) WHERE user_id = $1`, eve.user.UserID).Scan(&category, &tag))
	return fields{"task_id": int64(added["task"].(fields)["id"].(float64)), "category": "Eves", "tag": "evening", "path category_id": category, "path tag_id": tag}
}

// state returns all rows of a user.
func (r *resident) state(t *testing.T) string {
	t.Helper()
	var query []string
	rows, err := r.owner.Query(t.Context(), `
		SELECT table_name::text FROM information_schema.columns WHERE table_schema = 'public' AND column_name = 'user_id' ORDER BY 1`)
	require.NoError(t, err)
	for rows.Next() {
		var table string
		require.NoError(t, rows.Scan(&table))
		// The last use of a token is written some seconds after the user's own calls.
		query = append(query, fmt.Sprintf(`SELECT '%[1]s ' || (to_jsonb(t) - 'last_used_at')::text FROM %[1]s t WHERE user_id = $1`, table))
	}
	require.NoError(t, rows.Err())
	query = append(query, `SELECT 'users ' || u::text FROM users u WHERE id = $1`, `SELECT 'outbox ' || o::text FROM outbox o JOIN journal j USING (id) WHERE j.user_id = $1`)
	var all string
	require.NoError(t, r.owner.QueryRow(t.Context(), `SELECT string_agg(row, E'\n' ORDER BY row) FROM (`+strings.Join(query, " UNION ALL ")+`) all_of (row)`, r.user.UserID).Scan(&all))
	return all
}

// requireApart requires that a call of a stranger revealed and changed nothing.
func requireApart(t *testing.T, ann *resident, b belongings, before, what, sent, got string) {
	t.Helper()
	for _, secret := range b.secrets {
		if !strings.Contains(sent, secret) {
			require.NotContains(t, got, secret, "%s %s", what, sent)
		}
	}
	require.Equal(t, before, ann.state(t), "%s %s", what, sent)
	var crossed int
	require.NoError(t, ann.owner.QueryRow(t.Context(), `
		SELECT (SELECT count(*) FROM tasks t JOIN categories c ON c.id = t.category_id WHERE c.user_id <> t.user_id)
		     + (SELECT count(*) FROM tasks t JOIN tasks p ON p.id = t.previous_task_id OR p.id = t.parent_id OR p.id = ANY (t.blocked_by) WHERE p.user_id <> t.user_id)
		     + (SELECT count(*) FROM task_tags x JOIN tasks t ON t.id = x.task_id JOIN tags g ON g.id = x.tag_id WHERE g.user_id <> t.user_id)
		     + (SELECT count(*) FROM reminders r JOIN tasks t ON t.id = r.task_id WHERE r.user_id <> t.user_id)`).Scan(&crossed))
	require.Zero(t, crossed, "%s %s ties what is one user's to what is another's", what, sent)
}

func text(t *testing.T, value any) string {
	t.Helper()
	encoded, err := json.Marshal(value)
	require.NoError(t, err)
	return string(encoded)
}

// veiled replaces the requested ids in an answer.
func veiled(answer string, ids ...int64) string {
	for _, id := range ids {
		answer = strings.ReplaceAll(answer, fmt.Sprint(id), "#")
	}
	return answer
}

func (b belongings) all() []int64 {
	return []int64{b.task, b.done, b.deleted, b.category, b.tag, b.channel, b.change, b.comment, absent}
}

// codeOf returns the error code of an answer, or of the first item of a batch.
func codeOf(answer fields) fault.Code {
	if results, ok := answer["results"].([]any); ok && len(results) > 0 {
		answer = results[0].(fields)
	}
	if inner, ok := answer["error"].(fields); ok {
		answer = inner
	}
	code, _ := answer["code"].(string)
	return fault.Code(code)
}

// followed reads a stream until it mentions the stranger's own task, and returns
// everything read.
func (r *resident) followed(t *testing.T, path string, headers ...string) string {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 15*time.Second)
	defer cancel()
	response := r.open(t, ctx, r.token, http.MethodGet, path, nil, headers...)
	defer func() { _ = response.Body.Close() }()
	require.Equal(t, http.StatusOK, response.StatusCode)
	r.call(t, "add_task", fields{"title": "Seen by its owner"})
	var got string
	for part := make([]byte, 4096); !strings.Contains(got, "Seen by its owner"); {
		n, err := response.Body.Read(part)
		require.NoError(t, err, got)
		got += string(part[:n])
	}
	return got
}
