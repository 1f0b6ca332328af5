package operation

import (
	"encoding/json"
	"reflect"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/fault"
	"tickler/internal/input"
	"tickler/internal/label"
	"tickler/internal/task"
)

func TestArgumentsAreDecodedStrictly(t *testing.T) {
	cases := []struct{ name, raw, field, message, hint string }{
		{"unknown field", `{"titel":"x"}`, "titel", "is not a field here", `did you mean "title"?`},
		{"missing", `{}`, "title", "title is required", ""},
		{"null of a required field", `{"title":null}`, "title", "title is required", ""},
		{"number for a string", `{"title":5}`, "title", "must be a string", `give it as text: "5"`},
		{"string for an array", `{"title":"x","tags":"a"}`, "tags", "must be an array of strings", `give it as ["a"]`},
		{"several words for an array", `{"title":"x","tags":"a, b"}`, "tags", "must be an array of strings", `give it as ["a", "b"], or as ["a, b"] if that is one`},
		{"number for an array", `{"title":"x","reminder_offsets":30}`, "reminder_offsets", "an array of integers", "give it as [30]"},
		{"number for a name", `{"title":"x","category":3}`, "category", "must be a string", `give it as text: "3"`},
		{"null item", `{"title":"x","reminder_offsets":[60,null]}`, "reminder_offsets", "has a null in it", ""},
		{"wrong item", `{"title":"x","tags":[1]}`, "tags", "must be an array of strings", ""},
		{"string for an integer", `{"title":"x","category_id":"7"}`, "category_id", "must be an integer", "give it without quotes: 7"},
		{"fraction", `{"title":"x","category_id":7.5}`, "category_id", "must be an integer", ""},
		{"huge number", `{"title":"x","category_id":1e300}`, "category_id", "must be an integer", ""},
		{"negative id", `{"title":"x","category_id":-1}`, "category_id", "at least 1", ""},
		{"enum", `{"title":"x","priority":"hgih"}`, "priority", "allowed are low, medium, high, urgent", `did you mean "high"?`},
		{"enum in another word", `{"title":"x","priority":"critical"}`, "priority", "allowed are low, medium, high, urgent", `did you mean "urgent"?`},
		{"enum like no other", `{"title":"x","priority":"whatever"}`, "priority", "allowed are low, medium, high, urgent", ""},
		{"number for a date", `{"title":"x","due_date":1767225600}`, "due_date", "must be a string; for example \"2026-", ""},
		{"format", `{"title":"x","response_format":"long"}`, "response_format", "allowed are concise, detailed", `did you mean "detailed"?`},
		{"no object", `[1]`, "arguments", `for example {"title": "Pay the rent"}`, ""},
		{"no UTF-8", "{\"title\":\"\xff\"}", "arguments", "UTF-8", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := decode[addInput](json.RawMessage(c.raw))
			var e *fault.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, fault.InvalidInput, e.Code)
			require.Equal(t, c.field, e.Field)
			require.Contains(t, e.Message, c.message)
			require.Equal(t, c.hint, e.Hint)
		})
	}
}

func TestWhoGuessesAFieldIsToldTheOneThatWasMeant(t *testing.T) {
	type guesses = map[string]string
	for in, guesses := range map[reflect.Type]guesses{
		reflect.TypeFor[addInput]():      {"name": `"title"`, "due": `"due_date"`, "Deadline": `"due_date"`, "repeat": `"recurrence_rule"`, "project": `"category"`, "remind_at": "set_reminder", "status": "complete_task", "timezone": `"time_zone"`, "user_id": "token", "parent": `"parent_id"`, "subtasks": "add_tasks", "depends_on": `"blocked_by"`, "duration": `"estimate_minutes"`, "section": "category", "url": "description", "notes": `"description"`, "zzz": ""},
		reflect.TypeFor[listInput]():     {"offset": `"cursor"`, "page_size": `"limit"`, "query": "search_tasks", "due_date": "due_after", "completed": `"status"`, "order_by": `"sort_by"`, "tag": `"tags"`, "category_id": `"category"`},
		reflect.TypeFor[searchInput]():   {"q": `"query"`, "state": `"status"`, "due_before": "list_tasks"},
		reflect.TypeFor[updateInput]():   {"id": `"task_id"`, "completed": "complete_task", "version": `"if_version"`, "add_tags": "update_tasks"},
		reflect.TypeFor[idInput]():       {"id": `"task_id"`, "title": "search_tasks", "task_ids": "update_tasks"},
		reflect.TypeFor[reminderInput](): {"minutes": `"remind_before_minutes"`, "reminder_offsets": `"remind_before_minutes"`, "snooze": `"snooze_minutes"`},
		reflect.TypeFor[taggingInput]():  {"tags": `"tag"`, "name": `"tag"`},
		reflect.TypeFor[overviewInput](): {"range": `"days"`},

		reflect.TypeFor[label.CategoryInput]():  {"id": `"category_id"`, "name": `"category"`},
		reflect.TypeFor[label.CreateTagInput](): {"tag": `"name"`, "title": `"name"`, "colour": `"color"`},
	} {
		for guess, want := range guesses {
			known := arguments(in)
			got := advise(guess, known).text
			if want == "" {
				require.Empty(t, got, guess)
			}
			require.Contains(t, got, want, "%s %s", in, guess)
		}
	}
	many := arguments(reflect.TypeFor[addManyInput]())
	require.Contains(t, advise("items", many).text, `"tasks"`)
	require.Contains(t, advise("category", many).text, "each of tasks")
	one := arguments(reflect.TypeFor[task.EditInput]())
	require.Contains(t, advise("done", one).text, `"action": "complete"`)
}

// Names in the tables are names of fields that there are.
func TestAdviceIsAboutFieldsThatExist(t *testing.T) {
	fields := map[string]bool{"": true}
	for _, o := range New(nil, nil, nil, nil, nil, nil).All() {
		for _, f := range o.Fields() {
			fields[f.Name] = true
		}
	}
	for _, a := range arguments(reflect.TypeFor[task.EditInput]()) {
		fields[a.name] = true
	}
	for _, k := range knownAs {
		require.True(t, fields[k.field], k.field)
	}
	for _, a := range advice {
		require.True(t, fields[a.beside], a.beside)
	}
}

func TestOptionalTellsNullFromLeftOut(t *testing.T) {
	in, err := decode[updateInput](json.RawMessage(`{"task_id":7.0,"due_date":null,"title":"x","tags":[]}`))
	require.NoError(t, err)
	require.EqualValues(t, 7, in.TaskID)
	require.Equal(t, input.Null[string](), in.DueDate)
	require.Equal(t, input.Some("x"), in.Title)
	require.True(t, in.Tags.Set)
	require.False(t, in.Description.Set)

	added, err := decode[addInput](json.RawMessage(`{"title":"x","due_date":null}`))
	require.NoError(t, err)
	require.Empty(t, added.DueDate)
}

func FuzzDecode(f *testing.F) {
	for _, seed := range []string{`{"title":"x","tags":["a"]}`, `{"title":1}`, `null`, `{"a":{"b":[1,2,{}]}}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		_, err := decode[addInput](raw)
		if err != nil {
			var e *fault.Error
			require.ErrorAs(t, err, &e)
		}
		_, _ = decode[updateInput](raw)
		_, _ = decode[listInput](raw)
	})
}
