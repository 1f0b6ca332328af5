package operation

import (
	"encoding/json"
	"testing"

	"github.com/stretchr/testify/require"

	"tickler/internal/task"
)

func TestArgumentsAreDecodedStrictly(t *testing.T) {
	cases := []struct{ name, raw, field, message, hint string }{
		{"unknown field", `{"titel":"x"}`, "titel", "is not a field here", `did you mean "title"?`},
		{"missing", `{}`, "title", "title is required", ""},
		{"null of a required field", `{"title":null}`, "title", "title is required", ""},
		{"number for a string", `{"title":5}`, "title", "must be a string", ""},
		{"string for an array", `{"title":"x","tags":"a"}`, "tags", "must be an array", ""},
		{"null item", `{"title":"x","reminder_offsets":[60,null]}`, "reminder_offsets", "has a null in it", ""},
		{"wrong item", `{"title":"x","tags":[1]}`, "tags", "has the wrong type", ""},
		{"string for an integer", `{"title":"x","category_id":"7"}`, "category_id", "must be an integer", ""},
		{"fraction", `{"title":"x","category_id":7.5}`, "category_id", "must be an integer", ""},
		{"huge number", `{"title":"x","category_id":1e300}`, "category_id", "must be an integer", ""},
		{"negative id", `{"title":"x","category_id":-1}`, "category_id", "positive", ""},
		{"enum", `{"title":"x","priority":"hgih"}`, "priority", "allowed are low, medium, high, urgent", ""},
		{"format", `{"title":"x","response_format":"long"}`, "response_format", "allowed are concise, detailed", ""},
		{"no object", `[1]`, "arguments", `for example {"title": "Pay the rent"}`, ""},
		{"no UTF-8", "{\"title\":\"\xff\"}", "arguments", "UTF-8", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			_, err := decode[addInput](json.RawMessage(c.raw))
			var e *task.Error
			require.ErrorAs(t, err, &e)
			require.Equal(t, task.InvalidInput, e.Code)
			require.Equal(t, c.field, e.Field)
			require.Contains(t, e.Message, c.message)
			require.Equal(t, c.hint, e.Hint)
		})
	}
}

func TestOneNumberStandsForAnArrayOfOneWhereTheSchemaSaysSo(t *testing.T) {
	in, err := decode[reminderInput](json.RawMessage(`{"task_id":7,"remind_before_minutes":30}`))
	require.NoError(t, err)
	require.Equal(t, task.Some([]int{30}), in.RemindBeforeMinutes)
	_, err = decode[updateInput](json.RawMessage(`{"task_id":7,"reminder_offsets":30}`))
	require.ErrorContains(t, err, "must be an array")
}

func TestOptionalTellsNullFromLeftOut(t *testing.T) {
	in, err := decode[updateInput](json.RawMessage(`{"task_id":7.0,"due_date":null,"title":"x","tags":[]}`))
	require.NoError(t, err)
	require.EqualValues(t, 7, in.TaskID)
	require.Equal(t, task.Null[string](), in.DueDate)
	require.Equal(t, task.Some("x"), in.Title)
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
			var e *task.Error
			require.ErrorAs(t, err, &e)
		}
		_, _ = decode[updateInput](raw)
		_, _ = decode[listInput](raw)
	})
}
