package e2e

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestBadInputIsRefusedInWordsThatHelp(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	s.exec(t, `INSERT INTO categories (user_id, name, name_key) SELECT id, 'Household', 'household' FROM users WHERE subject = $1`, p.name)
	task := p.add(t, fields{"title": "a task", "tags": []string{"garden"}})
	id := task.ID
	many := func(n int) (list []string) {
		for i := range n {
			list = append(list, "tag "+string(rune('a'+i)))
		}
		return list
	}
	offsets := make([]int, 11)
	const invalid = "INVALID_INPUT"
	cases := []struct {
		name, tool  string
		arguments   any
		code, field string
		says        string // in message or hint
	}{
		{"title missing", "add_task", fields{}, invalid, "title", "required"},
		{"title null", "add_task", fields{"title": nil}, invalid, "title", "required"},
		{"title empty", "add_task", fields{"title": ""}, invalid, "title", "1 to 200"},
		{"title blank", "add_task", fields{"title": " \t\n"}, invalid, "title", "1 to 200"},
		{"title too long", "add_task", fields{"title": repeat("ä", 201)}, invalid, "title", "200"},
		{"title huge", "add_task", fields{"title": repeat("x", 900_000)}, invalid, "title", "200"},
		{"title a number", "add_task", fields{"title": 7}, invalid, "title", "string"},
		{"title with NUL", "add_task", fields{"title": "a\x00b"}, invalid, "title", "NUL"},
		{"unknown field", "add_task", fields{"title": "x", "due": "2031-01-01"}, invalid, "due", `"due_date"`},
		{"misspelt field", "add_task", fields{"title": "x", "prioritty": "low"}, invalid, "prioritty", `"priority"`},
		{"caller in the arguments", "add_task", fields{"title": "x", "user_id": 1}, invalid, "user_id", "not a field"},
		{"description too long", "add_task", fields{"title": "x", "description": repeat("x", 10_001)}, invalid, "description", "10000"},
		{"description with NUL", "add_task", fields{"title": "x", "description": "\x00"}, invalid, "description", "NUL"},
		{"priority unknown", "add_task", fields{"title": "x", "priority": "hihg"}, invalid, "priority", "low, medium, high, urgent"},
		{"due date in words", "add_task", fields{"title": "x", "due_date": "tomorrow"}, invalid, "due_date", "2026-03-01"},
		{"due date that does not exist", "add_task", fields{"title": "x", "due_date": "2026-02-30"}, invalid, "due_date", "exist"},
		{"due date a number", "add_task", fields{"title": "x", "due_date": 1767225600}, invalid, "due_date", "string"},
		{"due date too far", "add_task", fields{"title": "x", "due_date": "10000-01-01"}, invalid, "due_date", "exist"},
		{"category unknown", "add_task", fields{"title": "x", "category": "Houshold"}, "NOT_FOUND", "category", "Household"},
		{"category id unknown", "add_task", fields{"title": "x", "category_id": 1 << 40}, "NOT_FOUND", "category_id", "Household"},
		{"category id negative", "add_task", fields{"title": "x", "category_id": -1}, invalid, "category_id", "at least 1"},
		{"category twice", "add_task", fields{"title": "x", "category": "Household", "category_id": 1}, invalid, "category", "one of them"},
		{"too many tags", "add_task", fields{"title": "x", "tags": many(11)}, "LIMIT_EXCEEDED", "tags", "10"},
		{"tag too long", "add_task", fields{"title": "x", "tags": []string{repeat("x", 31)}}, invalid, "tags", "30"},
		{"tag empty", "add_task", fields{"title": "x", "tags": []string{""}}, invalid, "tags", "empty"},
		{"tags a text with a comma", "add_task", fields{"title": "x", "tags": "home, garden"}, invalid, "tags", "array"},
		{"tags of numbers", "add_task", fields{"title": "x", "tags": []int{1}}, invalid, "tags", "for example"},
		{"tag id unknown", "add_task", fields{"title": "x", "tag_ids": []int{1 << 30}}, "NOT_FOUND", "tag_ids", "no tag"},
		{"rule wrong", "add_task", fields{"title": "x", "recurrence_rule": "every now and then"}, invalid, "recurrence_rule", ""},
		{"base without rule", "add_task", fields{"title": "x", "recurrence_base": "due"}, invalid, "recurrence_base", "recurrence_rule"},
		{"base unknown", "add_task", fields{"title": "x", "recurrence_rule": "daily", "recurrence_base": "done"}, invalid, "recurrence_base", "due, completion"},
		{"offset too far behind", "add_task", fields{"title": "x", "reminder_offsets": []int{-527_041}}, invalid, "reminder_offsets", "527040"},
		{"offset too large", "add_task", fields{"title": "x", "reminder_offsets": []int{527_041}}, invalid, "reminder_offsets", "527040"},
		{"offset a fraction", "add_task", fields{"title": "x", "reminder_offsets": []float64{1.5}}, invalid, "reminder_offsets", "for example"},
		{"too many offsets", "add_task", fields{"title": "x", "reminder_offsets": offsets}, invalid, "reminder_offsets", "10"},
		{"key too long", "add_task", fields{"title": "x", "idempotency_key": repeat("k", 129)}, invalid, "idempotency_key", "128"},
		{"form unknown", "add_task", fields{"title": "x", "response_format": "short"}, invalid, "response_format", "concise, detailed"},

		{"status unknown", "list_tasks", fields{"status": "open"}, invalid, "status", "pending"},
		{"priority unknown", "list_tasks", fields{"priority": []string{"high", "top"}}, invalid, "priority", "urgent"},
		{"category unknown", "list_tasks", fields{"category": "Nowhere"}, "NOT_FOUND", "category", "Household"},
		{"tag unknown", "list_tasks", fields{"tags": []string{"gardne"}}, "NOT_FOUND", "tags", "garden"},
		{"match unknown", "list_tasks", fields{"tags_match": "none"}, invalid, "tags_match", "any, all"},
		{"date wrong", "list_tasks", fields{"due_before": "soon"}, invalid, "due_before", "2026-03-01"},
		{"date wrong", "list_tasks", fields{"due_after": "2026-13-01"}, invalid, "due_after", "2026-03-01"},
		{"sort unknown", "list_tasks", fields{"sort_by": "id"}, invalid, "sort_by", "due_date"},
		{"order unknown", "list_tasks", fields{"sort_order": "up"}, invalid, "sort_order", "asc, desc"},
		{"limit zero", "list_tasks", fields{"limit": 0}, invalid, "limit", "1 to 100"},
		{"limit too large", "list_tasks", fields{"limit": 101}, invalid, "limit", "1 to 100"},
		{"limit a fraction", "list_tasks", fields{"limit": 1.5}, invalid, "limit", "integer"},
		{"limit in words", "list_tasks", fields{"limit": "ten"}, invalid, "limit", "integer"},
		{"cursor made up", "list_tasks", fields{"cursor": "abc"}, invalid, "cursor", "next_cursor"},
		{"cursor huge", "list_tasks", fields{"cursor": repeat("x", 100_000)}, invalid, "cursor", "next_cursor"},
		{"unknown field", "list_tasks", fields{"sortby": "title"}, invalid, "sortby", `"sort_by"`},

		{"query missing", "search_tasks", fields{}, invalid, "query", "required"},
		{"query too long", "search_tasks", fields{"query": repeat("x", 501)}, invalid, "query", "500"},
		{"query with NUL", "search_tasks", fields{"query": "a\x00"}, invalid, "query", "NUL"},
		{"limit too large", "search_tasks", fields{"query": "x", "limit": 101}, invalid, "limit", "1 to 100"},
		{"tag unknown", "search_tasks", fields{"query": "x", "tags": []string{"nix"}}, "NOT_FOUND", "tags", "garden"},
		{"sorting it", "search_tasks", fields{"query": "x", "sort_by": "title"}, invalid, "sort_by", "not a field"},

		{"nothing given", "update_task", fields{}, invalid, "task_id", "required"},
		{"title cleared", "update_task", fields{"task_id": id, "clear": []string{"title"}}, invalid, "clear", "due_date"},
		{"unknown field", "update_task", fields{"task_id": id, "completed": true}, invalid, "completed", "not a field"},
		{"stale version", "update_task", fields{"task_id": id, "title": "x", "if_version": 99}, "CONFLICT", "if_version", "version 1"},
		{"version a text", "update_task", fields{"task_id": id, "title": "x", "if_version": "first"}, invalid, "if_version", "integer"},
		{"base without rule", "update_task", fields{"task_id": id, "recurrence_base": "due"}, invalid, "recurrence_base", "recurrence_rule"},
		{"too many tags", "update_task", fields{"task_id": id, "tags": many(11)}, "LIMIT_EXCEEDED", "tags", "10"},

		{"does not recur", "skip_occurrence", fields{"task_id": id}, invalid, "task_id", "recur"},
	}
	for _, tool := range []string{"get_task", "complete_task", "delete_task", "reopen_task", "skip_occurrence", "update_task"} {
		for _, c := range []struct {
			name  string
			id    any
			code  string
			field string
		}{
			{"missing id", nil, invalid, "task_id"}, {"id in words", "seven", invalid, "task_id"},
			{"id a fraction", 1.5, invalid, "task_id"}, {"id zero", 0, invalid, "task_id"}, {"id negative", -7, invalid, "task_id"},
			{"id too large", 1e300, invalid, "task_id"}, {"nobody's id", 1 << 40, "NOT_FOUND", "task_id"},
		} {
			cases = append(cases, struct {
				name, tool  string
				arguments   any
				code, field string
				says        string
			}{c.name, tool, fields{"task_id": c.id}, c.code, c.field, ""})
		}
		cases = append(cases, struct {
			name, tool  string
			arguments   any
			code, field string
			says        string
		}{"unknown field", tool, fields{"taskid": id}, invalid, "taskid", `"task_id"`})
	}
	before, total := p.get(t, id), p.call(t, "list_tasks", fields{}).Total
	for _, c := range cases {
		t.Run(c.tool+" "+c.name, func(t *testing.T) {
			refused := p.refused(t, c.tool, c.arguments)
			require.Equal(t, c.code, refused.Code, refused)
			require.Equal(t, c.field, refused.Field, refused)
			require.Contains(t, refused.Message+" "+refused.Hint, c.says)
			require.Less(t, len(refused.Message), 1000, "what was given is not thrown back whole")
			require.True(t, strings.HasPrefix(refused.Message, refused.Field) || refused.Code != invalid || refused.Field == "recurrence_rule" || c.tool == "skip_occurrence", refused)
		})
	}
	require.Equal(t, before, p.get(t, id), "nothing was changed by what was refused")
	require.Equal(t, total, p.call(t, "list_tasks", fields{}).Total)
	require.Equal(t, 1, query[int](t, s, `SELECT count(*) FROM tags WHERE user_id = (SELECT id FROM users WHERE subject = $1)`, p.name), "no tag was left behind")
}

func TestTagsOfAUserAreLimited(t *testing.T) {
	t.Parallel()
	s := shared(t)
	p := s.person(t, "")
	s.exec(t, `INSERT INTO tags (user_id, name, name_key) SELECT id, 'tag ' || n, 'tag ' || n FROM users, generate_series(1, 99) n WHERE subject = $1`, p.name)
	p.add(t, fields{"title": "the hundredth", "tags": []string{"tag 100", "TAG 1"}})
	refused := p.refused(t, "add_task", fields{"title": "one more", "tags": []string{"tag 1", "tag 101"}})
	require.Equal(t, "LIMIT_EXCEEDED", refused.Code)
	require.Equal(t, "tags", refused.Field)
	require.Equal(t, 1, p.call(t, "list_tasks", fields{}).Total)
}

func TestUnknownToolIsAnErrorOfTheProtocol(t *testing.T) {
	t.Parallel()
	s := shared(t)
	_, err := s.person(t, "").try(t.Context(), "drop_tasks", fields{})
	require.Error(t, err)
}
