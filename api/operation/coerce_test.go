package operation

import (
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// inputs are the inputs of all operations and of the items of batches, by name.
func inputs() map[string]reflect.Type {
	all := map[string]reflect.Type{}
	o := New(nil, nil, nil, nil, nil, nil)
	for _, one := range slices.Concat(o.All(), o.Connector()) {
		all[one.Name] = one.In
		for _, a := range arguments(one.In) {
			if batch, ok := reflect.Zero(a.value).Interface().(interface{ item() reflect.Type }); ok {
				all["each of "+one.Name] = batch.item()
			}
		}
	}
	return all
}

func coerced(t *testing.T, in reflect.Type, arguments string) (string, []string) {
	t.Helper()
	got, notes := Operation{In: in}.Coerce(json.RawMessage(arguments))
	return string(got), notes
}

// Made from the description, so a field that is added is covered.
func TestEveryFieldIsTakenInTheFormsThatClientsSend(t *testing.T) {
	tried := 0
	for name, in := range inputs() {
		for _, a := range arguments(in) {
			of := name + " " + a.name
			as := func(value string) string {
				got, notes := coerced(t, in, fmt.Sprintf(`{%q: %s}`, a.name, value))
				require.Empty(t, slices.DeleteFunc(notes, func(note string) bool { return strings.Contains(note, "clear") }), of)
				tried++
				return got
			}
			require.JSONEq(t, `{}`, as(`null`), of)
			if !a.required {
				require.JSONEq(t, `{}`, as(`""`), of)
				require.JSONEq(t, `{}`, as(`" "`), of)
			}
			if a.value.Kind() == reflect.String {
				for _, kept := range []string{`"x"`, `7`, `true`, `["x"]`, `"[1]"`, `"null"`} {
					require.JSONEq(t, fmt.Sprintf(`{%q: %s}`, a.name, kept), as(kept), of)
				}
				continue
			}
			sample := a.sample()
			text, err := json.Marshal(sample)
			require.NoError(t, err)
			require.Equal(t, as(sample), as(string(text)), "%s: JSON as text", of)
			for _, kept := range []string{`"neither"`, `true`, `{"neither":[1`, `1.5`, `"1.5"`, `"0x10"`, `"Inf"`, `"1,5"`} {
				text := a.value.Kind() == reflect.Slice && a.value.Elem().Kind() == reflect.String || a.name == "comment"
				if text || !json.Valid([]byte(kept)) {
					continue
				}
				require.JSONEq(t, fmt.Sprintf(`{%q: %s}`, a.name, kept), as(kept), of)
			}
		}
	}
	require.Greater(t, tried, 800)
}

func TestWhatCanMeanOneThingOnlyIsTakenForIt(t *testing.T) {
	cases := []struct{ in, arguments, want string }{
		{"add_task", `{"title":"x","tags":"home"}`, `{"title":"x","tags":["home"]}`},
		{"add_task", `{"title":"x","tags":"[\"home\",\"errand\"]"}`, `{"title":"x","tags":["home","errand"]}`},
		{"add_task", `{"title":"x","tags":"a, b"}`, `{"title":"x","tags":"a, b"}`},
		{"add_task", `{"title":"x","tags":"[home"}`, `{"title":"x","tags":"[home"}`},
		{"add_task", `{"title":"x","tag_ids":"7","reminder_offsets":30}`, `{"title":"x","tag_ids":[7],"reminder_offsets":[30]}`},
		{"add_task", `{"title":"x","reminder_offsets":["30","-5"]}`, `{"title":"x","reminder_offsets":[30,-5]}`},
		{"add_task", `{"title":"x","reminder_offsets":"1440, 60"}`, `{"title":"x","reminder_offsets":"1440, 60"}`},
		{"add_task", `{"title":"x","reminder_offsets":[]}`, `{"title":"x","reminder_offsets":[]}`},
		{"add_task", `{"title":"x","nag":"{\"every_minutes\":\"30\",\"until\":null}"}`, `{"title":"x","nag":{"every_minutes":30}}`},
		{"add_task", `{"title":"x","nag":"30"}`, `{"title":"x","nag":{"every_minutes":30}}`},
		{"update_tasks", `{"tasks":[{"task_id":7,"nag":0,"comment":"Done."}]}`, `{"tasks":[{"task_id":7,"nag":{"every_minutes":0},"comment":{"text":"Done."}}]}`},
		{"update_task", `{"task_id":7,"comment":"[1] as text"}`, `{"task_id":7,"comment":{"text":"[1] as text"}}`},
		{"update_task", `{"task_id":7,"comment":"{\"text\": cut"}`, `{"task_id":7,"comment":"{\"text\": cut"}`},
		{"update_task", `{"task_id":7,"comment":7,"nag":"often"}`, `{"task_id":7,"comment":7,"nag":"often"}`},
		{"list_tasks", `{"priority":"high,urgent"}`, `{"priority":["high","urgent"]}`},
		{"get_task", `{"task_id":"7.0"}`, `{"task_id":7}`},
		{"add_tasks", `{"tasks":"[{\"title\":\"x\",\"due_date\":null}]"}`, `{"tasks":[{"title":"x"}]}`},
		{"update_tasks", `{"tasks":{"task_id":"7","title":""}}`, `{"tasks":[{"task_id":7}]}`},
		{"update_tasks", `{"tasks":[7,null,{"task_id":8}]}`, `{"tasks":[7,null,{"task_id":8}]}`},
		{"get_task", `"{\"task_id\": 7}"`, `{"task_id":7}`},
		{"get_task", `[7]`, `[7]`},
		{"get_task", ``, ``},
	}
	all := inputs()
	for _, c := range cases {
		got, notes := coerced(t, all[c.in], c.arguments)
		require.Empty(t, notes, c.arguments)
		if c.want == "" {
			require.Empty(t, got)
			continue
		}
		require.JSONEq(t, c.want, got, c.arguments)
	}
}

// What clients add for themselves is theirs; what resembles a field is a mistake.
func TestUnknownFieldIsPassedOverUnlessItResemblesOne(t *testing.T) {
	for name, in := range inputs() {
		got, notes := coerced(t, in, `{"toolCallId":"a","sessionId":1,"chatInput":null,"metadata":{},"_meta":{}}`)
		require.JSONEq(t, `{}`, got, name)
		require.Equal(t, []string{"passed over, since there are no such fields here: _meta, metadata, sessionId, toolCallId"}, notes, name)
		for _, a := range arguments(in) {
			close := a.name + "s"
			if slices.ContainsFunc(arguments(in), func(b argument) bool { return b.name == close }) {
				continue
			}
			got, _ := coerced(t, in, fmt.Sprintf(`{%q: 1}`, close))
			require.JSONEq(t, fmt.Sprintf(`{%q: 1}`, close), got, "%s: left for Call to refuse", name)
		}
	}
	got, notes := coerced(t, inputs()["add_tasks"], `{"tasks":[{"title":"x","toolCallId":"a"}],"sessionId":"b"}`)
	require.JSONEq(t, `{"tasks":[{"title":"x"}]}`, got)
	require.Equal(t, []string{"passed over, since there are no such fields here: sessionId, toolCallId"}, notes)
}

func TestClearEmptiesWhatIsNamed(t *testing.T) {
	in, err := decode[updateInput](json.RawMessage(`{"task_id":7,"clear":["due_date","tags"],"title":"x"}`))
	require.NoError(t, err)
	require.True(t, in.DueDate.Null && in.Tags.Null && !in.Category.Set && in.Title.Value == "x")
	for arguments, message := range map[string]string{
		`{"task_id":7,"clear":["title"]}`:                       `"title" is no field that can be emptied; allowed are description, priority, due_date`,
		`{"task_id":7,"clear":["nothing"]}`:                     "is no field that can be emptied",
		`{"task_id":7,"clear":["due_date"],"due_date":"today"}`: "names due_date, which is given a value too",
		`{"task_id":7,"clear":"due_date"}`:                      "must be an array of strings",
	} {
		_, err := decode[updateInput](json.RawMessage(arguments))
		require.ErrorContains(t, err, message)
	}
}

func FuzzCoerce(f *testing.F) {
	for _, seed := range []string{`{"title":"x","tags":"[\"a\"]","nag":"{}"}`, `{"tasks":"[[[["}`, `"{\"title\":null}"`, `{"title":"\ud83d"}`} {
		f.Add(seed)
	}
	all := inputs()
	f.Fuzz(func(t *testing.T, raw string) {
		for _, name := range slices.Sorted(maps.Keys(all)) {
			once, _ := Operation{In: all[name]}.Coerce(json.RawMessage(raw))
			twice, notes := Operation{In: all[name]}.Coerce(once)
			require.Equal(t, string(once), string(twice), "coercing is done once")
			require.Empty(t, notes)
		}
	})
}
