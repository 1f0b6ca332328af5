package tools

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// row is a call and its outcome: a code, field and words of an error, or
// values in the answer, as "path=value & path=value".
type row struct{ kind, arguments, want string }

// kinds of rows that a tool's table must have, beside those that every one has.
var (
	always = []string{"happy", "unknown", "type", "empty", "huge"}
	also   = map[string]string{
		"add_task": "unicode zone INVALID_INPUT NOT_FOUND CONFLICT LIMIT_EXCEEDED theirs", "list_tasks": "unicode zone INVALID_INPUT NOT_FOUND theirs",
		"get_task": "unicode zone INVALID_INPUT NOT_FOUND theirs", "update_task": "unicode zone INVALID_INPUT NOT_FOUND CONFLICT LIMIT_EXCEEDED theirs",
		"complete_task": "zone INVALID_INPUT NOT_FOUND theirs", "delete_task": "zone INVALID_INPUT NOT_FOUND theirs",
		"search_tasks": "unicode zone INVALID_INPUT NOT_FOUND theirs", "reopen_task": "zone INVALID_INPUT NOT_FOUND theirs",
		"skip_occurrence": "zone INVALID_INPUT NOT_FOUND CONFLICT theirs", "set_reminder": "zone INVALID_INPUT NOT_FOUND CONFLICT theirs",
		"get_overview": "zone INVALID_INPUT", "user_settings": "zone INVALID_INPUT",
		"add_tasks": "unicode zone INVALID_INPUT LIMIT_EXCEEDED theirs", "update_tasks": "unicode zone INVALID_INPUT LIMIT_EXCEEDED theirs",
		"create_category": "unicode INVALID_INPUT CONFLICT LIMIT_EXCEEDED theirs", "list_categories": "theirs",
		"update_category": "unicode INVALID_INPUT NOT_FOUND CONFLICT theirs", "delete_category": "unicode INVALID_INPUT NOT_FOUND theirs",
		"create_tag": "unicode INVALID_INPUT CONFLICT LIMIT_EXCEEDED theirs", "list_tags": "theirs",
		"update_tag": "unicode INVALID_INPUT NOT_FOUND CONFLICT theirs", "delete_tag": "unicode INVALID_INPUT NOT_FOUND theirs",
		"get_history": "unicode zone INVALID_INPUT NOT_FOUND theirs", "undo": "INVALID_INPUT NOT_FOUND CONFLICT theirs",
		"add_tag_to_task": "unicode INVALID_INPUT NOT_FOUND LIMIT_EXCEEDED theirs", "remove_tag_from_task": "unicode INVALID_INPUT NOT_FOUND theirs",
	}
)

// world is what the rows of one tool find: ann has five tasks, FIRST, which
// recurs at 02:30 on the day before the clocks change, FULL, with ten tags, DONE,
// GONE, which is deleted, and LAST, the last of its series. bob has THEIRS with
// CATEGORY and TAG.
func world(t *testing.T) (ann *caller, fill func(string) string) {
	t.Helper()
	ann, bob := callers(t)
	ann.call(t, "create_category", `{"name":"Büro 💼","color":"#1E90FF"}`)
	ann.call(t, "create_category", `{"name":"Home"}`)
	first := ann.add(t, `{"title":"Müll 🗑 rausbringen","description":"schon wieder","due_date":"2026-03-28T02:30","recurrence_rule":"daily","category":"büro 💼","tags":["größe","t1"]}`)
	of := map[string]int{"FIRST": first, "FULL": ann.add(t, `{"title":"full","tags":["t1","t2","t3","t4","t5","t6","t7","t8","t9","t10"]}`)}
	of["DONE"] = ann.add(t, `{"title":"done","due_date":"2026-03-29T23:59"}`)
	ann.call(t, "complete_task", fmt.Sprintf(`{"task_id":%d}`, of["DONE"]))
	of["GONE"] = ann.add(t, `{"title":"gone","due_date":"2026-10-25T02:30"}`)
	ann.call(t, "delete_task", fmt.Sprintf(`{"task_id":%d}`, of["GONE"]))
	of["LAST"] = ann.add(t, `{"title":"last","due_date":"2026-03-30T00:00","recurrence_rule":"FREQ=DAILY;COUNT=1"}`)
	of["THEIRS"] = bob.add(t, `{"title":"secret","tags":["secret"],"due_date":"2026-03-05"}`)
	of["CATEGORY"] = int(bob.call(t, "create_category", `{"name":"secret"}`)["category"].(fields)["id"].(float64))
	of["TAG"] = int(bob.call(t, "list_tags", `{}`)["tags"].([]any)[0].(fields)["id"].(float64))
	pairs := []string{"HUGE", strings.Repeat("x", 200_000), "MANY", strings.Repeat(`{"title":"x"},`, 50) + `{"title":"x"}`}
	for name, id := range of {
		pairs = append(pairs, name, strconv.Itoa(id))
	}
	return ann, strings.NewReplacer(pairs...).Replace
}

// full gives ann all the categories and tags that she may have.
func full(t *testing.T, ann *caller) {
	t.Helper()
	for kind, most := range map[string]int{"category": 50, "tag": 100} {
		for n := 0; ; n++ {
			require.LessOrEqual(t, n, most)
			if _, failure := ann.try(t, "create_"+kind, fmt.Sprintf(`{"name":"one of many, %d"}`, n)); failure != nil {
				require.Equal(t, "LIMIT_EXCEEDED", failure["code"])
				break
			}
		}
	}
}

func TestEveryToolByItsTable(t *testing.T) {
	tables := map[string][]row{}
	for _, some := range []map[string][]row{taskTables, dayTables, labelTables, historyTables} {
		maps.Copy(tables, some)
	}
	require.Equal(t, slices.Sorted(maps.Keys(valid)), slices.Sorted(maps.Keys(tables)))
	for name, rows := range tables {
		t.Run(name, func(t *testing.T) {
			has := map[string]bool{}
			for _, r := range rows {
				has[r.kind] = true
				code, _, _ := strings.Cut(r.want, " ")
				has[code] = true
			}
			for _, kind := range append(strings.Fields(also[name]), always...) {
				require.True(t, has[kind], "the table of %s has no row for %s", name, kind)
			}
			ann, fill := world(t)
			filled := false
			for _, r := range rows {
				if r.kind == "full" && !filled {
					filled = true
					full(t, ann)
				}
				answer, failure := ann.try(t, name, fill(r.arguments))
				says := fmt.Sprintf("%s %.100s: %v %v", r.kind, r.arguments, failure, answer)
				if code, rest, _ := strings.Cut(r.want, " "); code != "" && code == strings.ToUpper(code) {
					field, words, _ := strings.Cut(rest, " ")
					require.NotNil(t, failure, says)
					require.Equal(t, []any{code, fill(field)}, []any{failure["code"], failure["field"]}, says)
					require.Contains(t, fmt.Sprint(failure["message"], " ", failure["hint"]), words, says)
					requireDescribed(t, name, fields{"error": failure})
					continue
				}
				require.Nil(t, failure, says)
				requireDescribed(t, name, answer)
				for _, want := range strings.Split(r.want, " & ") {
					if path, value, found := strings.Cut(want, "="); found {
						require.Equal(t, fill(value), at(answer, path), "%s: %s", path, says)
					}
				}
			}
		})
	}
}

// at returns the value at a path as text, or "".
func at(value any, path string) string {
	for _, name := range strings.Split(path, ".") {
		switch within := value.(type) {
		case fields:
			value = within[name]
		case []any:
			if name == "#" {
				value = float64(len(within))
				continue
			}
			i, _ := strconv.Atoi(name)
			if i >= len(within) {
				return ""
			}
			value = within[i]
		}
	}
	if value == nil {
		return ""
	}
	return fmt.Sprint(value)
}
