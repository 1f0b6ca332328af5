package operation

import (
	"encoding/json"
	"reflect"

	"tickler/internal/access"
)

// A token that may write and not read is told what its calls made and nothing of
// what was there: otherwise a change that changes nothing would be a way to read.

// told are the members of an answer that say no more than what a call did.
// Whatever else an answer holds, now or in time to come, is left out.
var told = map[string]bool{
	"task": true, "category": true, "tag": true, "id": true, "version": true, "changed": true,
	"undone": true, "call_id": true, "results": true, "index": true, "error": true, "succeeded": true, "failed": true,
	"now": true,
}

// writtenNote says why an answer is so short.
const writtenNote = "this token may not read, so only what the call did is told"

// written is an answer for who may not read. Members that the schema of the
// answer requires are there, and empty.
type written map[string]any

// writtenTask is one about a task.
type writtenTask struct {
	written
	resource Resource
}

func (w writtenTask) MarshalJSON() ([]byte, error) { return json.Marshal(w.written) }

// Resource is the task, of which its version is known and no more.
func (w writtenTask) Resource() Resource { return w.resource }

// forCaller is an answer as the caller may see it.
func forCaller(answer any, caller access.Caller) (any, error) {
	if caller.May(access.TasksRead) {
		return answer, nil
	}
	text, err := json.Marshal(answer)
	if err != nil {
		return nil, err
	}
	var all map[string]any
	if err := json.Unmarshal(text, &all); err != nil {
		return nil, err
	}
	if all["dry_run"] == true { // it did nothing, and what it found was there before
		delete(all, "undone")
	}
	short := written(onlyTold(all))
	for _, member := range arguments(reflect.TypeOf(answer)) {
		if _, there := short[member.name]; member.required && !there {
			short[member.name] = empty(member.value)
		}
	}
	short["note"] = writtenNote
	versioned, ok := answer.(Versioned)
	if !ok {
		return short, nil
	}
	r := versioned.Resource()
	short["task"] = map[string]any{"id": r.ID, "version": r.Version}
	return writtenTask{short, Resource{ID: r.ID, Version: r.Version, Created: r.Created, Content: short["task"]}}, nil
}

func onlyTold(all map[string]any) map[string]any {
	kept := map[string]any{}
	for name, value := range all {
		if !told[name] {
			continue
		}
		switch value := value.(type) {
		case map[string]any:
			if name == "error" { // says what is wrong with what was sent
				kept[name] = value
				continue
			}
			kept[name] = onlyTold(value)
		case []any:
			list := make([]any, 0, len(value))
			for _, one := range value {
				if member, ok := one.(map[string]any); ok {
					one = onlyTold(member)
				}
				list = append(list, one)
			}
			kept[name] = list
		case string:
			if name != "task" && name != "category" && name != "tag" { // a name, not an object
				kept[name] = value
			}
		default:
			kept[name] = value
		}
	}
	return kept
}

// empty is a value of a type that says nothing, null never.
func empty(t reflect.Type) any {
	if t.Kind() == reflect.Slice {
		return []any{}
	}
	return reflect.Zero(t).Interface()
}
