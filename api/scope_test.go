package main

import (
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/access"
)

// A change that changes nothing must not be a way to read.
func TestTokenThatMayOnlyWriteIsToldOnlyWhatItDid(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann := h.resident(t, "ann")
	const secret = "swordfish"
	ann.call(t, "create_category", fields{"name": "cat " + secret, "color": "#123456"})
	ann.call(t, "create_tag", fields{"name": "tag " + secret, "color": "#123456"})
	ann.call(t, "user_settings", fields{"time_zone": "Europe/Berlin", "quiet_hours": "22:00-07:00"})
	added := ann.call(t, "add_task", fields{
		"title": "title " + secret, "description": secret, "due_date": "2030-05-06T07:08", "recurrence_rule": "daily",
		"category": "cat " + secret, "tags": []string{"tag " + secret}, "idempotency_key": "k",
	})["task"].(fields)
	id := added["id"]
	tokenless := h.newToken(t, ann.user.UserID, access.TasksWrite)
	silent := func(what string, a answer) fields {
		t.Helper()
		for _, told := range []string{secret, "2030", "FREQ", "#123456", "Berlin", "22:00", "pending"} {
			require.NotContains(t, a.text, told, what)
		}
		return a.body(t)
	}
	calls := map[string]fields{
		"update_task":          {"task_id": id, "priority": "medium"},
		"complete_task":        {"task_id": id},
		"reopen_task":          {"task_id": id},
		"skip_occurrence":      {"task_id": id},
		"set_reminder":         {"task_id": id, "remind_before_minutes": []int{5}},
		"add_tag_to_task":      {"task_id": id, "tag_id": 1},
		"remove_tag_from_task": {"task_id": id, "tag_id": 1},
		"update_category":      {"category_id": 1, "color": "#654321"},
		"update_tag":           {"tag_id": 1, "color": "#654321"},
		"update_tasks":         {"tasks": []fields{{"task_id": id, "priority": "medium"}, {"task_id": id, "if_version": 1, "priority": "low"}}, "response_format": "detailed"},
		"user_settings":        {"reminder_offsets": []int{10}, "deliveries": 3},
		"delete_category":      {"category_id": 1},
		"delete_tag":           {"tag_id": 1},
	}
	for _, format := range []string{"concise", "detailed"} {
		for _, tool := range []string{"update_task", "complete_task", "complete_task", "reopen_task", "reopen_task", "skip_occurrence", "set_reminder", "add_tag_to_task", "update_tasks"} {
			calls[tool]["response_format"] = format
			a := h.rpc(t, tokenless, "tools/call", fields{"name": tool, "arguments": calls[tool]})
			require.NotContains(t, a.text, `"isError":true`, "%s: %s", tool, a.text)
			silent(tool, a)
		}
	}
	for _, tool := range []string{"user_settings", "update_category", "update_tag", "remove_tag_from_task", "delete_category", "delete_tag"} {
		a := h.rpc(t, tokenless, "tools/call", fields{"name": tool, "arguments": calls[tool]})
		require.NotContains(t, a.text, `"isError":true`, "%s: %s", tool, a.text)
		silent(tool, a)
	}

	silent("a repeated addition", h.send(t, tokenless, http.MethodPost, "/v1/tasks", fields{
		"title": "title " + secret, "description": secret, "due_date": "2030-05-06T07:08", "recurrence_rule": "daily",
		"category": "x", "tags": []string{"y"}, "idempotency_key": "k"}))
	changed := silent("a change over REST", h.send(t, tokenless, http.MethodPatch, "/v1/tasks/"+number(id), fields{"priority": "urgent"}))
	require.Equal(t, []any{"priority"}, changed["changed"])
	require.Equal(t, id, changed["task"].(fields)["id"])
	version := changed["task"].(fields)["version"]
	require.NotZero(t, version)
	conflict := h.send(t, tokenless, http.MethodPatch, "/v1/tasks/"+number(id), fields{"priority": "low", "if_version": 1})
	require.Equal(t, http.StatusConflict, conflict.status)
	silent("a conflict", conflict)
	addition := h.send(t, tokenless, http.MethodPost, "/v1/tasks", fields{"title": "another"})
	made := silent("an addition", addition)
	require.EqualValues(t, 1, made["task"].(fields)["version"])
	again := h.send(t, tokenless, http.MethodPatch, "/v1/tasks/"+number(made["task"].(fields)["id"]), fields{"title": "one more"}, "If-Match", addition.header.Get("ETag"))
	require.Equal(t, http.StatusOK, again.status, "its ETag is good for If-Match: %s", again.text)
	require.Contains(t, again.text, "may not read")
	require.Contains(t, silent("deletion", h.send(t, tokenless, http.MethodDelete, "/v1/tasks/"+number(id), nil))["note"], "may not read")
	seen := ann.call(t, "get_task", fields{"task_id": made["task"].(fields)["id"]})
	last := ann.call(t, "get_history", fields{"limit": 1})["changes"].([]any)[0].(fields)["change_id"]
	dry := silent("a dry run of undo", h.send(t, tokenless, http.MethodPost, "/v1/undo", fields{"change_id": last, "dry_run": true}))
	require.EqualValues(t, 0, dry["undone"], "it did nothing")
	undone := silent("undo", h.send(t, tokenless, http.MethodPost, "/v1/undo", fields{"change_id": last}))
	require.EqualValues(t, 1, undone["undone"])
	require.NotEmpty(t, undone["call_id"], "with which it is undone")
	require.Equal(t, "one more", seen["task"].(fields)["title"], "the changes were made")
}

// An error that lists what there is, or guesses what was meant, is a way to read too.
func TestTokenThatMayOnlyWriteLearnsNothingFromErrors(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann := h.resident(t, "ann")
	ann.call(t, "create_category", fields{"name": "swordfish"})
	ann.call(t, "create_tag", fields{"name": "swordfish"})
	id := ann.call(t, "add_task", fields{"title": "T", "due_date": "2030-05-06T07:08", "recurrence_rule": "daily"})["task"].(fields)["id"]
	writer := h.newToken(t, ann.user.UserID, access.TasksWrite)
	told := 0
	for tool, tries := range map[string][]fields{
		"add_task":             {{"title": "T", "category": "swordfis"}, {"title": "T", "category_id": absent}, {"title": "T", "tag_ids": []int64{absent}}},
		"add_tasks":            {{"tasks": []fields{{"title": "T", "category": "swordfis"}}}},
		"update_task":          {{"task_id": id, "category": "swordfis"}, {"task_id": id, "category_id": absent}, {"task_id": id, "due_date": "2030-05-07", "scope": "this"}},
		"update_tasks":         {{"tasks": []fields{{"task_id": id, "category": "swordfis"}, {"task_id": id, "remove_tags": []string{"swordfis"}}}}},
		"add_tag_to_task":      {{"task_id": id, "tag_id": absent}},
		"remove_tag_from_task": {{"task_id": id, "tag": "swordfis"}, {"task_id": id, "tag_id": absent}},
		"update_category":      {{"category": "swordfis", "color": "#123456"}, {"category_id": absent, "color": "#123456"}},
		"update_tag":           {{"tag": "swordfis", "color": "#123456"}, {"tag_id": absent, "color": "#123456"}},
		"delete_category":      {{"category": "swordfis"}, {"category_id": absent}},
		"delete_tag":           {{"tag": "swordfis"}, {"tag_id": absent}},
	} {
		for _, arguments := range tries {
			call := func(token string) string {
				return h.rpc(t, token, "tools/call", fields{"name": tool, "arguments": arguments}).text
			}
			reveals := func(text string) bool {
				return strings.Contains(text, "swordfish") || strings.Contains(text, "2030") || strings.Contains(text, "there are")
			}
			text := call(writer)
			require.Regexp(t, "NOT_FOUND|INVALID_INPUT", text, "%s %v", tool, arguments)
			require.False(t, reveals(text), "%s %v: %s", tool, arguments, text)
			if reveals(call(ann.token)) { // who may read is helped
				told++
			}
		}
	}
	require.Greater(t, told, 12)
	over := h.send(t, writer, http.MethodPatch, "/v1/tasks/"+number(id), fields{"category": "swordfis"})
	require.Equal(t, http.StatusNotFound, over.status)
	require.NotContains(t, over.text, "swordfish")
}

func TestSettingsAreReadWithTheScopeToRead(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann := h.resident(t, "ann")
	reader, writer := h.newToken(t, ann.user.UserID, access.TasksRead), h.newToken(t, ann.user.UserID, access.TasksWrite)
	call := func(token string, arguments fields) answer {
		return h.rpc(t, token, "tools/call", fields{"name": "user_settings", "arguments": arguments})
	}
	require.Equal(t, http.StatusOK, h.send(t, reader, http.MethodGet, "/v1/settings", nil).status)
	require.Equal(t, http.StatusForbidden, h.send(t, writer, http.MethodGet, "/v1/settings", nil).status)
	for _, reading := range []fields{nil, {}, {"deliveries": "3"}, {"time_zone": nil, "quiet_hours": nil, "reminder_offsets": nil, "clear": nil, "calendar_feed": ""}, {"sessionId": "x"}} {
		require.Contains(t, call(reader, reading).text, "time_zone")
		require.Equal(t, http.StatusForbidden, call(writer, reading).status, "%v", reading)
	}
	for _, writing := range []fields{{"time_zone": "Asia/Tokyo"}, {"clear": []string{"quiet_hours"}}, {"clear": "reminder_offsets"}, {"reminder_offsets": []int{}}, {"calendar_feed": "new"}, {"deliveries": 1, "time_zone": "UTC"}, {"TIME_ZONE": "UTC"}} {
		require.Equal(t, http.StatusForbidden, call(reader, writing).status, "%v", writing)
	}
	for _, writing := range []fields{{"time_zone": "Asia/Tokyo"}, {"quiet_hours": nil}, {"reminder_offsets": nil}} {
		require.Equal(t, http.StatusForbidden, h.send(t, reader, http.MethodPatch, "/v1/settings", writing).status)
	}
	require.Equal(t, http.StatusOK, call(writer, fields{"time_zone": "Asia/Tokyo"}).status)
	require.Contains(t, call(reader, nil).text, "Asia/Tokyo")
}

func TestConnectorNeedsTheScopeToRead(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann := h.resident(t, "ann")
	id := ann.call(t, "add_task", fields{"title": "Pay the rent", "description": "by transfer", "due_date": "2030-05-06"})["task"].(fields)["id"]
	reader, writer := h.newToken(t, ann.user.UserID, access.TasksRead), h.newToken(t, ann.user.UserID, access.TasksWrite)
	call := func(token, tool string, arguments fields) answer {
		return h.rpcAt(t, token, "/mcp?tools=connector", "tools/call", fields{"name": tool, "arguments": arguments})
	}
	content := func(a answer) fields { return a.body(t)["result"].(fields)["structuredContent"].(fields) }
	url := "http://127.0.0.1/task/" + number(id)
	found := content(call(reader, "search", fields{"query": "rent"}))
	require.Equal(t, []any{fields{"id": number(id), "title": "Pay the rent", "url": url}}, found["results"])
	document := content(call(reader, "fetch", fields{"id": number(id)}))
	require.Equal(t, []any{number(id), "Pay the rent", url}, []any{document["id"], document["title"], document["url"]})
	require.Contains(t, document["text"], "by transfer")
	require.Equal(t, "2030-05-06", document["metadata"].(fields)["due_date"])
	require.Equal(t, "id", content(call(reader, "fetch", fields{"id": "900000001"}))["error"].(fields)["field"])
	for tool, arguments := range map[string]fields{"search": {"query": "rent"}, "fetch": {"id": number(id)}} {
		require.Equal(t, http.StatusForbidden, call(writer, tool, arguments).status)
	}
}

func TestProfileKnowsItsToolsOnly(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann := h.resident(t, "ann")
	names := func(path string) (all []string) {
		for _, one := range h.rpcAt(t, ann.token, path, "tools/list", fields{}).body(t)["result"].(fields)["tools"].([]any) {
			all = append(all, one.(fields)["name"].(string))
		}
		return all
	}
	require.Len(t, names("/mcp"), len(h.operations.All()))
	require.ElementsMatch(t, []string{"search", "fetch"}, names("/mcp?tools=connector"))
	for _, name := range names("/mcp?tools=read") {
		require.True(t, h.operations.Named(name).ReadOnly, name)
	}
	require.Subset(t, names("/mcp?tools=core"), []string{"add_task", "list_tasks", "get_task", "update_task", "complete_task", "get_overview"})
	require.Equal(t, names("/mcp?tools=core"), names("/mcp?tools=core"), "in the same order")
	refused := h.rpcAt(t, ann.token, "/mcp?tools=read", "tools/call", fields{"name": "add_task", "arguments": fields{"title": "x"}})
	require.Contains(t, refused.body(t), "error")
	unknown := h.rpcAt(t, ann.token, "/mcp?tools=cor", "tools/list", fields{})
	require.Equal(t, http.StatusBadRequest, unknown.status)
	require.Contains(t, unknown.text, "core, read or connector")
}

// Whoever may not read must not open a way to read: the address of a calendar
// feed, or a channel to which reminders bring titles.
func TestTokenThatMayOnlyWriteOpensNoWayToRead(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann := h.resident(t, "ann")
	writer := h.newToken(t, ann.user.UserID, access.TasksWrite)
	for _, opening := range []fields{
		{"calendar_feed": "new"}, {"calendar_feed": "new", "time_zone": "UTC"}, {"add_channel": "https://example.com/hook"},
		{"add_channel": "ntfy://ntfy.sh/mine", "calendar_feed": "off"}, {"add_channel": "mailto:me@example.com", "remove_channel": 1}, {"calendar_feed": []string{"new"}},
	} {
		for _, a := range []answer{
			h.rpc(t, writer, "tools/call", fields{"name": "user_settings", "arguments": opening}),
			h.send(t, writer, http.MethodPatch, "/v1/settings", opening),
		} {
			require.Equal(t, http.StatusForbidden, a.status, "%v: %s", opening, a.text)
			require.Contains(t, a.text, "tasks:read", "%v", opening)
			require.NotContains(t, a.text, "/calendar/")
		}
	}
	settings := ann.call(t, "user_settings", nil)
	require.NotContains(t, settings, "channels", "nothing was made")
	require.NotContains(t, settings, "calendar_feed")
	require.Equal(t, http.StatusOK, h.send(t, writer, http.MethodPatch, "/v1/settings", fields{"calendar_feed": "off"}).status, "closing is no reading")
}

// Gin by itself would send a browser to where the prefix says.
func TestNobodyIsLedElsewhereByForwardedHeaders(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	ann := h.resident(t, "ann")
	for _, path := range []string{"/v1/tasks/", "/mcp/", "/docs/", "/V1/tasks", "/v1//tasks", "/openapi.json/", "/healthz/", "/calendar/x.ics/", "/confirm/x/", "/schemas", "/schemas/", "/schemas/index.html", "/schemas//evil.example/index.html", "/schemas/1.0", "/schemas/1.0/", "/schemas/1.0/task.created.json/", "/schemas/.", "/v1/tasks/7/"} {
		for _, method := range []string{http.MethodGet, http.MethodPost} {
			a := h.send(t, ann.token, method, path, nil, "X-Forwarded-Prefix", "/evil.example/", "X-Forwarded-Host", "evil.example", "X-Forwarded-Proto", "gopher")
			require.GreaterOrEqual(t, a.status, 400, "%s %s", method, path)
			require.NotContains(t, a.text+a.header.Get("Location"), "evil", "%s %s", method, path)
		}
	}
}

// A page whose name was made to point here reads nothing, with a token or without.
func TestServerAnswersToItsOwnNamesOnly(t *testing.T) {
	t.Parallel()
	h := build(t, nil)
	for _, path := range []string{"/", "/docs", "/openapi.json", "/asyncapi.yaml", "/schemas/1.0/task.created.json", "/calendar/x.ics", "/confirm/x", "/.well-known/oauth-protected-resource", "/v1/tasks", "/mcp", "/v1/events"} {
		request, err := http.NewRequest(http.MethodGet, h.URL+path, nil)
		require.NoError(t, err)
		request.Host = "evil.example"
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.Equal(t, http.StatusForbidden, response.StatusCode, path)
	}
	for _, path := range []string{"/healthz", "/readyz", "/metrics"} { // of which orchestrators ask by names of their own
		request, err := http.NewRequest(http.MethodGet, h.URL+path, strings.NewReader(""))
		require.NoError(t, err)
		request.Host = "tickler-api.default.svc"
		response, err := http.DefaultClient.Do(request)
		require.NoError(t, err)
		require.NoError(t, response.Body.Close())
		require.NotEqual(t, http.StatusForbidden, response.StatusCode, path)
	}
}

// number is an id of an answer as it stands in a path.
func number(id any) string { return strconv.FormatFloat(id.(float64), 'f', -1, 64) }
